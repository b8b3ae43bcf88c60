"""What the engine's tests share: the vocabulary of scenarios is importable, as it is for programs in processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_ahv.engine.inline_stack import InlineStack

CONFORMANCE = Path(__file__).parent / "conformance"


@pytest.fixture(autouse=True)
def _vocabulary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(CONFORMANCE))
    monkeypatch.setenv("ACTOR_DIR", str(tmp_path))
    (tmp_path / "behaviour.json").write_text("{}")
    yield
    for name in ("actor", "dynamics", "stage", "scenarios", "running", "inline_engine", "comparing", "record"):
        sys.modules.pop(name, None)


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[], list[str]]:
    """What the actor was asked since the last question: ``["Check a", "Create a"]``."""

    def read() -> list[str]:
        from running import Stage

        stage = Stage.__new__(Stage)
        stage.directory = tmp_path
        return [f"{call['method']} {call.get('name', '')}".strip() for call in stage.calls()]

    return read


@pytest.fixture
def tell(tmp_path: Path) -> Callable[[object], None]:
    """Tell the actor how to behave."""
    import json

    return lambda behaviour: (tmp_path / "behaviour.json").write_text(json.dumps(behaviour)) and None


@pytest.fixture
def stack() -> InlineStack:
    """A stack of this process, served by the actor."""
    from actor import Actor

    return InlineStack({"actor": Actor})
