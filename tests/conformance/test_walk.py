"""The strict walk catches what it is there for: a fault is planted in a body that the simulator sent, and found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

pytestmark = pytest.mark.sdk
VM = "vmm.v4.ahv.config.GetVmApiResponse"
VMS = "vmm.v4.ahv.config.ListVmsApiResponse"
IMAGE = "vmm.v4.content.GetImageApiResponse"
TASK = "prism.v4.config.GetTaskApiResponse"
SUBNET = "networking.v4.config.GetSubnetApiResponse"
CATEGORY = "prism.v4.config.GetCategoryApiResponse"


@dataclass(frozen=True)
class Fault:
    """A value put at a path of a body (or taken from there), and how the walk has to name it."""

    answer: str
    path: str
    value: Any
    rule: str
    at: str | None = None
    failed: bool = False

    @property
    def found_at(self) -> str:
        return self.path if self.at is None else self.at


_GONE = object()
_PAIR = {"$objectType": "common.v1.config.KVPair", "$reserved": {"$fv": "v1.r0"}, "name": "share"}
FAULTS = {
    "a text where a number belongs": Fault(VM, "data.memorySizeBytes", "much", "type"),
    "a truth where a number belongs": Fault(VM, "data.numSockets", True, "type"),
    "a number where a text belongs": Fault(VM, "data.name", 7, "type"),
    "an object where a list belongs": Fault(VM, "data.disks", {}, "type"),
    "a list where an object belongs": Fault(VM, "data.cluster", [], "type"),
    "a text in a list of objects": Fault(VM, "data.disks[0]", "disk", "type"),
    "a fraction in a one-of of scalars": Fault(
        TASK, "data.completionDetails", [{**_PAIR, "value": 1.5}], "discriminator", "data.completionDetails[0].value"
    ),
    "an unknown member of an enum": Fault(VM, "data.powerState", "ASLEEP", "enum"),
    "an enum in small letters": Fault(TASK, "data.status", "succeeded", "enum"),
    "an unknown member in a list of enums": Fault(
        VM, "data.bootConfig.bootOrder", ["FLOPPY"], "enum", "data.bootConfig.bootOrder[0]"
    ),
    "an unknown severity of an error": Fault(IMAGE, "data.error[0].severity", "FATAL", "enum", failed=True),
    "no $objectType on data": Fault(VM, "data.$objectType", _GONE, "discriminator", "data"),
    "no $objectType on a later item of data": Fault(VMS, "data[1].$objectType", _GONE, "discriminator", "data[1]"),
    "no $objectType on a nested object": Fault(VM, "data.cluster.$objectType", _GONE, "discriminator", "data.cluster"),
    "no $objectType on the first of a nested list": Fault(
        VM, "data.disks[0].$objectType", _GONE, "discriminator", "data.disks[0]"
    ),
    "no $objectType on the member of a one-of": Fault(
        VM, "data.bootConfig.$objectType", _GONE, "discriminator", "data.bootConfig"
    ),
    "another type's $objectType": Fault(
        VM, "data.cluster.$objectType", "vmm.v4.ahv.config.HostReference", "discriminator", "data.cluster"
    ),
    "a member that the one-of does not have": Fault(
        VM, "data.bootConfig.$objectType", "vmm.v4.ahv.config.VmDisk", "discriminator", "data.bootConfig"
    ),
    "another answer's $objectType": Fault(VM, "$objectType", IMAGE, "discriminator", ""),
    "an error under a good status": Fault(
        VM, "data.$objectType", "vmm.v4.error.ErrorResponse", "discriminator", "data"
    ),
    "no $reserved": Fault(VM, "data.$reserved", _GONE, "version", "data"),
    "the version of another minor": Fault(VM, "data.$reserved", {"$fv": "v4.r9"}, "version", "data"),
    "the version of another family": Fault(
        SUBNET,
        "data.ipConfig[0].ipv4.defaultGatewayIp.$reserved",
        {"$fv": "v4.r0"},
        "version",
        "data.ipConfig[0].ipv4.defaultGatewayIp",
    ),
    "a required field that is missing": Fault(IMAGE, "data.name", _GONE, "required"),
    "a required enum that is missing": Fault(IMAGE, "data.type", _GONE, "required"),
    "a required field that is missing deep inside": Fault(
        SUBNET, "data.ipConfig[0].ipv4.defaultGatewayIp.value", _GONE, "required"
    ),
    "a field that nobody knows": Fault(VM, "data.colour", "blue", "unknown"),
    "a field that nobody knows deep inside": Fault(VM, "data.disks[0].diskAddress.colour", "blue", "unknown"),
    "a name that is spelled otherwise": Fault(VM, "data.num_sockets", 2, "unknown"),
    "a field in the envelope": Fault(VM, "status", "ok", "unknown"),
    "an id that is no UUID": Fault(VM, "data.extId", "vm-1", "pattern"),
    "the id of a task without its prefix": Fault(TASK, "data.extId", "6138f1d2-4e04-4e19", "pattern"),
    "a hardware address with a hole": Fault(VM, "data.nics[0].backingInfo.macAddress", "50:6b:8d::1", "pattern"),
    "an address out of range": Fault(SUBNET, "data.ipConfig[0].ipv4.defaultGatewayIp.value", "10.42.0.256", "pattern"),
    "a time without a zone": Fault(VM, "data.createTime", "2026-01-01T00:00:00", "pattern"),
    "a time in words": Fault(TASK, "data.createdTime", "yesterday", "pattern"),
    "a number below its range": Fault(VM, "data.numSockets", 0, "range"),
    "a number above its range": Fault(TASK, "data.progressPercentage", 101, "range"),
    "a name that is too long": Fault(VM, "data.name", "x" * 81, "range"),
    "a name that is too short": Fault(IMAGE, "data.name", "", "range"),
    "a category's word that is too long": Fault(CATEGORY, "data.value", "x" * 65, "range"),
    "null instead of nothing": Fault(VM, "data.description", None, "null"),
    "null in a list": Fault(VM, "data.disks[0]", None, "null"),
    "a flag of another type": Fault(VM, "metadata.flags[0].value", "no", "type"),
    "a total in words": Fault(VMS, "metadata.totalAvailableResults", "many", "type"),
}
# What only one of the generations can tell.
ONE_SIDED = {
    "a field of a later minor": (
        "4.0",
        Fault(VM, "data.projectExtId", "6138f1d2-4e04-4e19-beea-f6b21f9a409d", "unknown"),
    ),
}


def plant(body: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """A copy of a body event with the fault in it."""
    planted = copy.deepcopy(body)
    *way, last = fault.path.replace("[", ".[").split(".")
    place: Any = planted["body"]
    for step in way:
        place = place[int(step[1:-1]) if step.startswith("[") else step]
    key: Any = int(last[1:-1]) if last.startswith("[") else last
    if fault.value is _GONE:
        del place[key]
    else:
        place[key] = fault.value
    return planted


@pytest.fixture(scope="module", params=[("4.0", "first-on-first"), ("4.3", "newest-on-newest")], ids=["4.0", "4.3"])
def generation(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A generation of the SDKs and the life cycle whose bodies are used."""
    return request.param  # type: ignore[no-any-return] # a parameter is anything


@pytest.fixture(scope="module")
def verdicts(generation: tuple[str, str], sdk: Any, driven: Callable[[str], Any]) -> dict[str, set[tuple[str, str]]]:
    """Rule and path of what the walk finds in each planted body, and in the bodies as they were under ``""``."""
    name, pair = generation
    transcript = driven(pair)
    faults = {**FAULTS, **{each: fault for each, (owner, fault) in ONE_SIDED.items() if owner == name}}
    bodies = {each: transcript.body(fault.answer, failed=fault.failed) for each, fault in faults.items()}
    items = [plant(bodies[each], fault) for each, fault in faults.items()]
    ended = sdk(name).run("walk.py", [*items, *bodies.values()])
    assert ended.returncode == 0, ended.stderr
    found = [{(each["rule"], each["path"]) for each in findings} for findings in json.loads(ended.stdout)]
    untouched = set().union(*found[len(items) :])
    return {"": untouched, **dict(zip(faults, found, strict=False))}


@pytest.mark.parametrize("name", FAULTS)
def test_the_walk_finds(name: str, verdicts: dict[str, set[tuple[str, str]]]) -> None:
    fault = FAULTS[name]
    assert (fault.rule, fault.found_at) in verdicts[name] - verdicts[""]


def test_each_generation_knows_its_own_fields_only(
    generation: tuple[str, str], verdicts: dict[str, set[tuple[str, str]]]
) -> None:
    expected = {each for each, (owner, _) in ONE_SIDED.items() if owner == generation[0]}
    assert set(ONE_SIDED) & set(verdicts) == expected
    for name in expected:
        fault = ONE_SIDED[name][1]
        assert (fault.rule, fault.found_at) in verdicts[name] - verdicts[""]
