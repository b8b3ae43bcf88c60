"""A guest without a machine: Debian's cloud-init over a Debian root, with one of our discs in its drive."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import Payload, RenderedPayload
from pulumi_ahv.payload.spec import Identity, PayloadSpec
from pulumi_ahv.payload.variables import Member, Nic

UUID = "3f0c1c4e-6a55-4b0b-9a6e-0d6c6f1f7a11"
MAC = "50:6b:8d:00:00:01"
SUITES = ("bookworm", "trixie")


@dataclass(frozen=True)
class Guest:
    """What cloud-init made of a disc."""

    root: Path
    work: Path

    def path(self, name: str) -> Path:
        """A file of the guest: as it was changed, or as the root has it."""
        changed = self.work / "upper" / name.lstrip("/")
        return changed if changed.exists() else self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        return self.path(name).read_text()

    @property
    def hostname(self) -> str:
        return (self.work / "hostname").read_text().strip()

    @property
    def log(self) -> str:
        return self.text("/var/log/cloud-init.log")

    def status(self, name: str) -> dict[str, object]:
        """One of cloud-init's own reports: ``result``, ``status``, ``instance-data``."""
        return json.loads((self.work / "run" / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def guest_cache() -> Path:
    path = os.environ.get("AHV_GUEST_CACHE")
    if not path:
        pytest.fail("these tests need what .ci/test-guest prepares: call make test-guest")
    return Path(path)


@pytest.fixture(params=SUITES)
def debian(request: pytest.FixtureRequest, guest_cache: Path) -> Path:
    """A Debian root with cloud-init: 22.4 with ifupdown (12), 25.1 with netplan (13)."""
    return guest_cache / request.param


@contextmanager
def in_a_drive(disc: Path) -> Iterator[str]:
    """Attach a disc to a loop device."""
    device = subprocess.check_output(["losetup", "--find", "--show", "--read-only", disc], text=True).strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.fixture
def insert(debian: Path, guest_cache: Path) -> Iterator[Callable[[bytes], Guest]]:
    """Put a disc into the guest's drive and let cloud-init run through its four stages."""
    made: list[Path] = []

    def run(disc: bytes) -> Guest:
        # Beside the roots: the file system of /tmp may not be fit for an overlay.
        work = guest_cache / "work" / uuid4().hex
        work.mkdir(parents=True)
        made.append(work)
        image = work / "disc.iso"
        image.write_bytes(disc)
        with in_a_drive(image) as device:
            script = Path(__file__).with_name("run-in-chroot.sh")
            subprocess.run(["bash", script, debian, work, device, MAC], check=True, timeout=120)
        return Guest(debian, work)

    yield run
    for work in made:
        subprocess.run(["rm", "-rf", work], check=True)


@pytest.fixture
def rendered() -> Callable[..., RenderedPayload]:
    """Render a payload that must be free of findings."""

    def run(spec: PayloadSpec, member: Member) -> RenderedPayload:
        payload = Payload(spec).render(member)
        assert isinstance(payload, RenderedPayload)
        assert payload.findings == ()
        return payload

    return run


@pytest.fixture(params=[Layout.NO_CLOUD, Layout.CONFIG_DRIVE])
def layout(request: pytest.FixtureRequest) -> Layout:
    """Both layouts that cloud-init reads."""
    return request.param


@pytest.fixture
def configure(
    insert: Callable[[bytes], Guest], rendered: Callable[..., RenderedPayload], identity: Identity
) -> Callable[[PayloadSpec], Guest]:
    """Render for a member with static addresses, write the disc, and let a guest configure itself from it."""
    addresses = ("10.0.0.5/24", "fd00::5/64")
    gateways = ("10.0.0.1", "fd00::1")
    nic = Nic(addresses=addresses, gateways=gateways, dns_servers=("10.0.0.2",), dns_search=("corp.example",))
    member = Member("agent-003", nics=(nic,))
    return lambda spec: insert(rendered(spec, member).disc(identity))


@pytest.fixture
def identity() -> Identity:
    return Identity(UUID, (MAC,))
