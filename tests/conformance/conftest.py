"""Two generations of the official SDKs, each in an environment of its own, and the life cycles they drove."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.simulator.server import running

CLIENT = Path(__file__).parent / "client"
# What the SDKs' models forbid and real Prisms send all the same, by rule and field, with where that is known from.
ALLOWED = {
    ("required", "versionSource"): "the recorded answers in the documentation of nutanix.ansible's template modules",
}
PAIRS = {
    "first-on-first": ("4.0", "v4.0"),
    "first-on-newest": ("4.0", "v4.3"),
    "newest-on-newest": ("4.3", "v4.3"),
    "newest-on-older": ("4.3", "v4.2"),
}
DRIVEN = pytest.StashKey[list["Transcript"]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how wide the life cycles were."""
    for transcript in config.stash.get(DRIVEN, []):
        terminalreporter.write_line(str(transcript))


@dataclass(frozen=True)
class Sdk:
    """One generation of the SDKs."""

    generation: str
    python: Path

    def run(self, script: str, ask: Any) -> subprocess.CompletedProcess[str]:
        """Run a script of ``client/`` with these SDKs; ``ask`` is its standard input."""
        command = [str(self.python), "-W", "ignore", str(CLIENT / script)]
        return subprocess.run(command, input=json.dumps(ask), capture_output=True, text=True, timeout=150, check=False)


@dataclass(frozen=True)
class Transcript:
    """What one life cycle was: every call with its findings, and the models that were walked, by name."""

    pair: str
    events: list[dict[str, Any]]
    errors: str

    @property
    def calls(self) -> list[dict[str, Any]]:
        return self.of("call")

    @property
    def found(self) -> list[dict[str, str]]:
        """All findings, with the answer and the field that each is about."""
        return [
            {**each, "answer": call["answer"], "field": each["path"].rpartition(".")[2]}
            for call in self.calls
            for each in call["findings"]
        ]

    @property
    def findings(self) -> list[dict[str, str]]:
        return [each for each in self.found if (each["rule"], each["field"]) not in ALLOWED]

    @property
    def allowed(self) -> list[dict[str, str]]:
        return [each for each in self.found if (each["rule"], each["field"]) in ALLOWED]

    @property
    def allowances(self) -> dict[tuple[str, str], str]:
        return ALLOWED

    def __str__(self) -> str:
        walked, models = sum(call["walked"] for call in self.calls), self.models
        return (
            f"{self.pair}: {len(self.calls)} calls, {walked} bodies walked, {len(models)} types of models, "
            f"{models.total()} models, {len(self.findings)} findings (and {len(self.allowed)} that real Prisms show too)"
        )

    def of(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    @property
    def models(self) -> Counter[str]:
        return sum((Counter(each["walked"]) for each in self.of("models")), Counter())

    def body(self, answer: str, *, failed: bool = False) -> dict[str, Any]:
        """The largest body of a kind of answer that was sent, ready to be walked again."""
        return [each for each in self.of("body") if each["answer"] == answer and (each["status"] >= 400) == failed][-1]


@pytest.fixture(scope="session")
def sdk() -> Callable[[str], Sdk]:
    """The SDKs of a generation. ``make test-sdk`` makes their environments."""
    place = os.environ.get("AHV_SDK_CACHE")
    if not place:
        pytest.skip("needs the official SDKs in environments of their own: make test-sdk")
    return lambda generation: Sdk(generation, Path(place) / f"sdk-{generation}" / "bin" / "python")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def image_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A disk and a disc on a web server of this machine, by type of image."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "disk.raw").write_bytes(b"golden image".ljust(1 << 20, b"\0"))
    (folder / "disc.iso").write_bytes((b"\0" * 32768 + b"\1CD001\1").ljust(1 << 18, b"\0"))
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        base = f"http://127.0.0.1:{server.server_port}"
        yield {"DISK_IMAGE": f"{base}/disk.raw", "ISO_IMAGE": f"{base}/disc.iso"}
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def pairs() -> dict[str, tuple[str, str]]:
    """Generation of the SDKs and release of the site, by the name of the pair."""
    return PAIRS


@pytest.fixture(scope="session")
def driven(
    sdk: Callable[[str], Sdk],
    image_urls: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Callable[[str], Transcript]:
    """The life cycle of a pair of ``PAIRS``, driven once."""

    @functools.cache
    def drive(pair: str) -> Transcript:
        generation, release = PAIRS[pair]
        with running(version=release) as prism:
            prism.control.freeze()
            ask = {
                "url": prism.url,
                "ca": str(prism.ca_file),
                "username": prism.username,
                "password": prism.password,
                "generation": generation,
                "release": release,
                "downloads": str(tmp_path_factory.mktemp(pair)),
                "images": image_urls,
            }
            ended = sdk(generation).run("drive.py", ask)
        transcript = Transcript(pair, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr)
        pytestconfig.stash.setdefault(DRIVEN, []).append(transcript)
        return transcript

    return drive


@pytest.fixture(scope="session", params=list(PAIRS))
def transcript(request: pytest.FixtureRequest, driven: Callable[[str], Transcript]) -> Transcript:
    """The life cycle of each pair."""
    return driven(request.param)
