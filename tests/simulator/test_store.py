from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

VMS = "/api/vmm/v4.3/ahv/config/vms"


class Killable:
    """``ahv sim`` as a process on a state file, and a client of it."""

    def __init__(self, state: Path) -> None:
        command = [sys.executable, "-m", "pulumi_ahv.cli", "sim", "--port", "0", "--state", str(state)]
        env = {**os.environ, "NUTANIX_PASSWORD": "pw"}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
        assert self._process.stdout is not None
        told = dict(part.split("=", 1) for part in self._process.stdout.readline().split())
        self._process.stdout.close()
        self._url = told["url"]
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = told["ca"]
        self._session.auth = ("admin", "pw")

    def call(self, method: str, path: str, body: Any = None, etag: str = "") -> requests.Response:
        headers = {"NTNX-Request-Id": str(uuid.uuid4()), **({"If-Match": etag} if etag else {})}
        return self._session.request(method, self._url + path, json=body, headers=headers, timeout=30)

    def data(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json().get("data", [])

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._session.close()


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[], Killable]]:
    started: list[Killable] = []

    def start() -> Killable:
        started.append(Killable(tmp_path / "site.db"))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def make_master(site: Killable) -> str:
    """The path of a VM with a disk and an address."""
    cluster = next(
        each["extId"] for each in site.data("/api/clustermgmt/v4.3/config/clusters") if each["name"] == "berlin"
    )
    subnets = site.data("/api/networking/v4.4/config/subnets")
    subnet = next(each["extId"] for each in subnets if each["name"] == "berlin-managed")
    disk = {"$objectType": "vmm.v4.ahv.config.VmDisk", "diskSizeBytes": 1 << 20}
    body = {
        "name": "master",
        "cluster": {"extId": cluster},
        "disks": [{"backingInfo": disk}],
        "nics": [{"networkInfo": {"subnet": {"extId": subnet}}}],
    }
    assert site.call("POST", VMS, body).ok
    site.call("POST", "/_sim/clock", {"advance": 60})
    return f"{VMS}/{site.data(VMS)[0]['extId']}"


@pytest.mark.parametrize("written", [1, 2_000_000, 4_000_000])
def test_a_kill_in_the_middle_of_a_write_leaves_all_of_it_or_nothing(
    begin: Callable[[], Killable], tmp_path: Path, written: int
) -> None:
    log, bulks = tmp_path / "site.db-wal", 6
    whole = 1 + bulks * 250
    site = begin()
    path = make_master(site)
    site.call("POST", "/_sim/clock", {"manual": True})
    etag = site.call("GET", path).headers["ETag"]
    for bulk in range(bulks):
        options = {"numVms": 250, "nameSuffixStartIndex": bulk * 250 + 1}
        assert site.call("POST", f"{path}/$actions/clone", {"name": "a", "bulkCloneOptions": options}, etag).ok
    before, answers = log.stat().st_size, []

    def advance() -> None:  # all clones happen, and are written in one go before this is answered
        with suppress(requests.RequestException):
            answers.append(site.call("POST", "/_sim/clock", {"advance": 1000}))

    advancing = threading.Thread(target=advance)
    advancing.start()
    while log.stat().st_size < before + written and advancing.is_alive():
        pass
    site.kill()
    advancing.join()

    again = begin()
    held = again.call("GET", "/_sim/entities").json()
    assert held["vms"] in ({whole} if answers else {1, whole})
    assert held["disks"] == held["vms"] + 1
    again.call("POST", "/_sim/clock", {"advance": 1000})
    assert again.call("GET", "/_sim/entities").json()["vms"] == whole, "tasks that were taken on go on"
