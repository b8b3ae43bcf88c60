import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_ahv.dynamic.session import cache_folder, end_with_engine, is_provider_process
from pulumi_ahv.kernel.clock import ManualClock


@pytest.fixture
def engine() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_the_provider_ends_when_its_engine_is_gone(engine: socket.socket) -> None:
    host, port = engine.getsockname()
    engine.close()
    left: list[int] = []
    end_with_engine(f"{host}:{port}", clock=ManualClock(), leave=left.append).join(timeout=10)
    assert left == [1]


def test_the_provider_stays_while_its_engine_answers(engine: socket.socket) -> None:
    host, port = engine.getsockname()
    left: list[int] = []

    class Watched(ManualClock):
        """Takes the engine away at the fifth look."""

        looks = 0

        def sleep(self, _seconds: float) -> None:
            assert left == []
            self.looks += 1
            if self.looks == 5:
                engine.close()

    clock = Watched()
    end_with_engine(f"{host}:{port}", clock=clock, leave=left.append).join(timeout=10)
    assert left == [1]
    assert clock.looks >= 7


def test_a_test_is_not_the_provider_process() -> None:
    assert not is_provider_process()


def test_digests_are_remembered_where_the_user_keeps_caches() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/pulumi-ahv")
    assert cache_folder({"HOME": "/h"}) == Path("/h/.cache/pulumi-ahv")
    assert cache_folder({}) is None
