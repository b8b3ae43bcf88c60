"""The process ends after any answer of Prism: the next run ends with what is told, once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from golden import client
from kills import Killed, kill_after

from pulumi_ahv.prism.vms import DiscKind

PASSWORD = "correct-horse-battery"


def killed(bench: Any, answers: int, **news: Any) -> None:
    """Run with a client of its own until the process is killed, or to the end where that comes first."""
    whole = bench.site
    with client(bench.prism, bench.clock) as site, suppress(Killed):
        kill_after(site, answers)
        bench.site = site
        bench.up(**news)
    bench.site, bench.inputs, bench.state = whole, {}, None


@pytest.mark.parametrize("answers", range(2, 26, 2))
def test_an_installation_is_found_or_made(bench: Any, answers: int) -> None:
    bench.start()
    wanted = {"install": {"username": "root", "password": PASSWORD}, "capabilities": ["vssSnapshot"]}
    killed(bench, answers, **wanted)
    bench.clock.advance(30)
    state = bench.up(**wanted, waitUntilReachable=True)
    assert (state["installed"], state["reachable"]) == (True, True)
    assert bench.tools().capabilities == ("vssSnapshot",)
    assert bench.prism.control.counts()["install_vm_guest_tools"] == 1


@pytest.mark.parametrize("answers", range(2, 14))
def test_the_disc_is_in_one_drive(either: Any, answers: int) -> None:
    killed(either, answers, mount=True, capabilities=["vssSnapshot"])
    either.clock.advance(30)
    assert either.up(mount=True, capabilities=["vssSnapshot"])["isoMounted"] is True
    assert either.drives() == [DiscKind.GUEST_TOOLS]
    assert either.tools().capabilities == ("vssSnapshot",)
