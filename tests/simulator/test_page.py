"""The page in a real browser, through Chromium's debugging pipe. What the HTML says is in ``test_control``."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.simulator.server import running

CHROMIUM = shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not on the PATH (make test-browser)"),
]
VMS = "/api/vmm/v4.3/ahv/config/vms"
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


class Tab:
    """One tab of a browser of its own; messages are JSON ended by NUL on file descriptors 3 (to it) and 4 (from it)."""

    def __init__(self, profile: Path) -> None:
        told_read, self._told = os.pipe()
        self._said, said_write = os.pipe()
        # The shell puts the pipes where Chromium looks for them.
        place = f'exec "$@" 3<&{told_read} 4>&{said_write}'
        command = [CHROMIUM, *QUIET, "--ignore-certificate-errors", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(
            ["bash", "-c", place, "bash", *command, f"--user-data-dir={profile}"],
            pass_fds=(told_read, said_write),
            stderr=subprocess.DEVNULL,
        )
        os.close(told_read)
        os.close(said_write)
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session = ""
        self.complaints: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> Any:
        """Send a command and answer its result; what the console says meanwhile is kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._told, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == number:
                assert "result" in heard, heard
                return heard["result"]

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._said, 1 << 16)
            assert part, "the browser has ended"
            self._rest += part
        first, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(first)
        level = heard.get("params", {}).get("entry", {}).get("level") or heard.get("params", {}).get("type")
        if heard.get("method") == "Runtime.exceptionThrown" or level in {"error", "warning"}:
            self.complaints.append(json.dumps(heard["params"]))
        return heard

    def show(self, url: str, *, scheme: str, width: int) -> None:
        """Load a page as a reader with this taste and screen sees it."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=1800,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.ask("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str) -> Any:
        """What an expression is in the page."""
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def until(self, script: str) -> None:
        """Wait in the page itself until an expression holds."""
        wait = f"""new Promise((resolve, reject) => {{
            const end = Date.now() + 20000;
            const look = () => ({script}) ? resolve(true) : Date.now() > end ? reject("never") : setTimeout(look, 50);
            look();
        }})"""
        found = self.ask("Runtime.evaluate", expression=wait, awaitPromise=True, returnByValue=True)
        assert found["result"].get("value") is True, f"never true: {script}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        os.close(self._told)
        os.close(self._said)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    opened = Tab(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def full(site: Any, make_vm: Callable[..., str], power: Any) -> Any:
    """A site with something in every table, long words among it."""
    path = f"{VMS}/{make_vm(name='agent-001', subnet='berlin-managed')}"
    power(path, "power-on")
    make_vm(name="a-machine-with-a-name-as-long-as-" + "x" * 40)
    spec = {"versionSource": {"$objectType": "vmm.v4.content.TemplateVmReference", "extId": path.rsplit("/", 1)[1]}}
    site.done(site.post("/api/vmm/v4.3/content/templates", {"templateName": "agent", "templateVersionSpec": spec}))
    site.prism.control.fault("task-failure", operation="clone_vm", message="no host has " + "memory " * 12)
    assert site.ended(site.post(f"{path}/$actions/clone", {}, etag=site.etag(path)))["status"] == "FAILED"
    return site


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_whole_for_every_reader(full: Any, tab: Tab, scheme: str, width: int) -> None:
    tab.complaints.clear()
    tab.show(full.prism.url + "/_sim/page", scheme=scheme, width=width)
    text = tab.value("document.body.innerText")
    for word in ("agent-001", "golden", "kVmClone", "FAILED", "task-failure", "create_template", "10.42.0.10"):
        assert word in text
    assert tab.value("document.documentElement.scrollWidth") <= width
    assert tab.value("[...document.querySelectorAll('table')].every(each => each.scrollWidth <= each.clientWidth)")
    luminance = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + Number(b), 0)"
    assert (tab.value(luminance) > 384) is (scheme == "light")
    assert tab.complaints == []
    assert {entry["user"] for entry in full.prism.control.journal()} == {"admin"}, "the browser asked for something"


def test_a_vm_that_is_made_appears_by_itself_and_nothing_else_moves(
    site: Any, tab: Tab, make_vm: Callable[..., str]
) -> None:
    tab.complaints.clear()
    tab.show(site.prism.url + "/_sim/page", scheme="light", width=1400)
    assert "agent-007" not in tab.value("document.body.innerText")
    tab.value("document.title = 'kept'")
    make_vm(name="agent-007")
    tab.until("document.getElementById('virtual-machines').innerText.includes('agent-007')")
    assert tab.value("document.title") == "kept", "the page was loaded anew"
    assert tab.complaints == []


def test_the_page_says_when_the_site_is_gone(tab: Tab) -> None:
    with running() as prism:
        tab.show(prism.url + "/_sim/page", scheme="light", width=1400)
        assert tab.value("document.getElementById('silent').hidden") is True
    tab.until("!document.getElementById('silent').hidden")
    assert "berlin" in tab.value("document.body.innerText")
