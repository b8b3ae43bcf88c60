"""What a site of many VMs costs: memory, start-up, lists, filters, clones, power, the page.

    python benchmarks/simulator.py [VMs]

``ahv sim`` runs in a process of its own on a state file; the caller is one plain HTTP client on one connection. Tasks
take no time of the site's, so that what is measured is work. VMs have one disk and a NIC with an address each.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

VMS = "/api/vmm/v4.3/ahv/config/vms"
TASKS = "/api/prism/v4.4/config/tasks"
BULK = 250


def say(what: str, figure: str) -> None:
    print(f"{what:48} {figure}", flush=True)


class Site:
    """``ahv sim`` on a state file, and its only client."""

    def __init__(self, state: Path) -> None:
        command = [sys.executable, "-m", "pulumi_ahv.cli", "sim", "--port", "0", "--state", str(state)]
        started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "NUTANIX_PASSWORD": "pw"},
        )
        assert self.process.stdout is not None
        told = dict(part.split("=", 1) for part in self.process.stdout.readline().split())
        self.seconds = time.monotonic() - started
        self.url = told["url"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = told["ca"]
        self.session.auth = ("admin", "pw")
        self.call("POST", "/_sim/latencies", {"*": 0})

    def call(self, method: str, path: str, body: Any = None, *, etag: str = "", **query: Any) -> requests.Response:
        headers = {"NTNX-Request-Id": str(uuid.uuid4()), **({"If-Match": etag} if etag else {})}
        params = {f"${name}": value for name, value in query.items()}
        answer = self.session.request(method, self.url + path, json=body, headers=headers, params=params, timeout=120)
        assert answer.ok, answer.text
        return answer

    def done(self, answer: requests.Response) -> dict[str, Any]:
        """The task of an answer when it has ended."""
        while True:
            task: dict[str, Any] = self.call("GET", f"{TASKS}/{answer.json()['data']['extId']}").json()["data"]
            if task["status"] not in {"QUEUED", "RUNNING"}:
                assert task["status"] == "SUCCEEDED", task
                return task

    def made(self, path: str, body: Any, rel: str) -> str:
        task = self.done(self.call("POST", path, body))
        return next(str(each["extId"]) for each in task["entitiesAffected"] if each["rel"] == rel)

    def act(self, path: str, action: str, body: Any = None) -> requests.Response:
        return self.call("POST", f"{path}/$actions/{action}", body, etag=self.call("GET", path).headers["ETag"])

    def mib(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.session.close()


@contextmanager
def running(state: Path) -> Iterator[Site]:
    site = Site(state)
    try:
        yield site
    finally:
        site.kill()


def timed(what: str, work: Callable[[], Any], *, each: int = 1) -> Any:
    started = time.monotonic()
    result = work()
    seconds = time.monotonic() - started
    say(what, f"{seconds:.3f} s" + (f", {seconds / each * 1000:.1f} ms each" if each > 1 else ""))
    return result


def master(site: Site) -> str:
    """The path of the VM that all others are copies of."""
    disk = site.call("GET", "/_sim/entities/disks").json()[0]["extId"]
    source = {"$objectType": "vmm.v4.content.VmDiskSource", "extId": disk}
    body: dict[str, Any] = {"name": "golden", "type": "DISK_IMAGE", "source": source}
    image = site.made("/api/vmm/v4.3/content/images", body, "vmm:content:image")
    cluster = site.call("GET", "/api/clustermgmt/v4.3/config/clusters", filter="name eq 'berlin'").json()["data"][0]
    subnets = site.call("GET", "/api/networking/v4.4/config/subnets", filter="name eq 'berlin-managed'")
    reference = {"$objectType": "vmm.v4.ahv.config.ImageReference", "imageExtId": image}
    backing = {"$objectType": "vmm.v4.ahv.config.VmDisk", "dataSource": {"reference": reference}}
    body = {
        "name": "master",
        "cluster": {"extId": cluster["extId"]},
        "memorySizeBytes": 1 << 30,
        "disks": [{"backingInfo": backing}],
        "nics": [{"networkInfo": {"subnet": {"extId": subnets.json()["data"][0]["extId"]}}}],
    }
    return f"{VMS}/{site.made(VMS, body, 'vmm:ahv:config:vm')}"


def fill(site: Site, path: str, count: int) -> None:
    for first in range(1, count, BULK):
        options = {"numVms": min(BULK, count - first), "nameSuffixStartIndex": first}
        site.done(site.act(path, "clone", {"name": "agent", "bulkCloneOptions": options}))


def whole_list(site: Site) -> list[str]:
    """The ids of all VMs, through pages of 100."""
    found: list[str] = []
    while True:
        answer = site.call("GET", VMS, limit=100, page=len(found) // 100).json()
        found += [vm["extId"] for vm in answer["data"]]
        if len(found) >= answer["metadata"]["totalAvailableResults"]:
            return found


def clones(site: Site, path: str) -> None:
    for each in [site.act(path, "clone", {"name": f"copy-{index}"}) for index in range(100)]:
        site.done(each)


def power(site: Site, vms: list[str], action: str) -> None:
    for each in [site.act(f"{VMS}/{vm}", action) for vm in vms]:
        site.done(each)


def measure(state: Path, count: int) -> None:
    with running(state) as site:
        say("start of an empty site", f"{site.seconds:.2f} s, {site.mib():.0f} MiB")
        path = master(site)
        timed(f"making {count} VMs in bulk clones of {BULK}", lambda: fill(site, path, count), each=count)
        say("memory with them", f"{site.mib():.0f} MiB")
    say(
        "state file",
        f"{sum(each.stat().st_size for each in state.parent.glob('site.db*') if each.is_file()) / (1 << 20):.0f} MiB",
    )
    with running(state) as site:
        say("start from the state file, after kill -9", f"{site.seconds:.2f} s, {site.mib():.0f} MiB")
        vms = timed("list of all, 100 a page", lambda: whole_list(site), each=-(-count // 100))
        assert len(vms) == count, len(vms)
        for text in ("name eq 'agent-9000'", "startswith(name, 'agent-99') and powerState eq 'OFF'"):
            timed(f"filter {text}"[:48], lambda text=text: site.call("GET", VMS, filter=text))
        timed("100 clones, one call each", lambda: clones(site, path), each=100)
        for action in ("power-on", "power-off"):
            timed(f"{action} of 100 VMs", lambda action=action: power(site, vms[1:101], action), each=100)
        timed("the page", lambda: site.call("GET", "/_sim/page"))
        say("memory at the end", f"{site.mib():.0f} MiB")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        measure(Path(folder) / "site.db", int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
