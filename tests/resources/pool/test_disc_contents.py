"""What guests found on their discs is what was rendered for them, to the last byte, on both products."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.payload.spec import Identity
from pulumi_ahv.resources.pool.payloads import Payloads
from pulumi_ahv.schema.pool import PoolInputs
from pulumi_ahv.simulator.server import Prism, running

SECRET = 'a "quoted" & <pointed> pässword: #1'
CLOUD_CONFIG = """#cloud-config
hostname: {{ name }}
write_files:
  - path: /etc/member
    content: {{ [name, slot, role, token] | join(" ") | tojson }}
"""
NETWORK = "version: 2\nethernets: {eth{{ slot }}: {dhcp4: true}}\n"
ANSWERS = """<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64"
      publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS">
      <ComputerName>{{ name }}</ComputerName>
      <RegisteredOwner>{{ token }} {{ role }}</RegisteredOwner>
    </component>
  </settings>
</unattend>
"""
PAYLOADS: dict[str, dict[str, Any]] = {
    "configDrive": {"layout": "configDrive", "template": CLOUD_CONFIG, "metaData": {"rack": "{{ slot }}"}},
    "noCloud": {"layout": "noCloud", "template": CLOUD_CONFIG, "networkConfig": NETWORK},
    "unattend": {"kind": "unattend", "template": ANSWERS},
}
LABELS = {"configDrive": "config-2", "noCloud": "cidata"}


@pytest.fixture(params=["central", "element"])
def prism(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Prism]:
    """A Prism of each product in turn."""
    with running(product=request.param, clock=clock) as site:
        yield site


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_guest_finds_what_was_rendered_for_it(desk: Any, prism: Prism, kind: str) -> None:
    payload = {**PAYLOADS[kind], "secrets": {"token": SECRET}, "variables": {"role": "agent"}, "delivery": "cdrom"}
    state = desk.up(payload=payload, memberVariables={"agents-002": {"role": "chief"}})
    assert state["failures"] == []
    machines = {vm["extId"]: vm for vm in prism.control.entities("vms")}
    told: dict[str, dict[str, str]] = {}
    for name, status in desk.status.items():
        (disc,) = desk.guest(name)["discs"]
        assert disc["digests"] == expected(desk, name, machines[status["uuid"]])
        assert disc["label"] == LABELS.get(kind, disc["label"])
        assert not any(drive.get("backingInfo") for drive in machines[status["uuid"]].get("cdRoms", []))
        told[name] = disc["digests"]
    assert len({tuple(digests.values()) for digests in told.values()}) == len(told) == 3, "each has one of its own"
    if kind != "unattend":
        roles = ["agent", "chief", "agent"]
        for slot, name in enumerate(told):
            text = f"{name} {slot} {roles[slot]} {SECRET}"
            assert desk.guest(name)["applied"]["files"] == {"/etc/member": text}
    assert all(desk.guest(name)["hostname"] == name for name in told)
    assert prism.control.entities("images") == []


def expected(desk: Any, name: str, vm: dict[str, Any]) -> dict[str, str]:
    """Digests of the files of the disc of a machine, by what state says of the pool."""
    payloads = Payloads(PoolInputs.model_validate(desk.inputs))
    rendered = payloads.render(desk.status[name]["slot"], name)
    assert rendered is not None
    macs = tuple(nic["backingInfo"]["macAddress"] for nic in vm["nics"])
    files = rendered.files(Identity(vm["biosUuid"], macs))
    return {path: sha256(content).hexdigest() for path, content in sorted(files.items())}
