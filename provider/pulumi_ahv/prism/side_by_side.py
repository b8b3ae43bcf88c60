"""The same call for several things at once, a few at a time, with an answer for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import Outcome

WIDTH = 8
"""How many at once, where nothing speaks for another number."""

T = TypeVar("T")


def side_by_side(work: Callable[[str], T], keys: Sequence[str], width: int = WIDTH) -> dict[str, T | AhvError]:
    """Do the same for several keys at once, ``width`` at a time; who fails gets the error as the answer."""

    def guarded(key: str) -> T | AhvError:
        try:
            return work(key)
        except AhvError as error:
            return error

    if len(keys) < 2:
        return {key: guarded(key) for key in keys}
    with ThreadPoolExecutor(min(width, len(keys)), thread_name_prefix="prism") as pool:
        return dict(zip(keys, pool.map(guarded, keys), strict=True))


def outcomes_of(results: Mapping[str, str | AhvError | None]) -> dict[str, Outcome]:
    """The answers as outcomes; where an answer is no UUID, the key is."""
    return {
        key: Outcome(error=result) if isinstance(result, AhvError) else Outcome(result or key)
        for key, result in results.items()
    }
