from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.central.vm_clones import Run, runs_of
from pulumi_ahv.prism.transport import Transport
from pulumi_ahv.prism.values import Product, SiteInfo
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import CloneSpec, Vm
from pulumi_ahv.simulator.server import Prism

SOURCE = "11111111-2222-4333-8444-555555555555"
VMS = "/api/vmm/v4.3/ahv/config/vms"


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        (["a-001", "a-002"], [Run("a", 1, ("a-001", "a-002"))]),
        (["a-002", "a-001"], [Run("a", 1, ("a-001", "a-002"))]),
        (["a-001", "a-002", "a-007", "a-008"], [Run("a", 1, ("a-001", "a-002")), Run("a", 7, ("a-007", "a-008"))]),
        (["a-b-999", "a-b-1000"], [Run("a-b", 999, ("a-b-999", "a-b-1000"))]),
        (["a-001", "b-002"], []),
        (["a-001", "a-003"], []),
        (["a-001"], []),
        (["a-000", "a-001"], []),
        (["a-01", "a-02"], []),
        (["a-0001", "a-0002"], []),
        (["a1", "a2"], []),
    ],
)
def test_names_in_a_row_are_what_bulk_clones_make(names: list[str], runs: list[Run]) -> None:
    assert runs_of({name: CloneSpec(name) for name in names}) == runs


def test_clones_that_are_not_alike_are_not_made_in_bulk() -> None:
    assert runs_of({"a": CloneSpec("a-001"), "b": CloneSpec("a-002", sockets=2)}) == []


def test_more_than_one_call_makes_are_split() -> None:
    runs = runs_of({str(n): CloneSpec(f"a-{n:03}") for n in range(1, 501)})
    assert [(run.first, len(run.keys)) for run in runs] == [(1, 250), (251, 250)]


def test_bulk_clones_under_other_names_are_given_out_in_order(
    script: Any, reply: Any, transport: Transport, doings: Doings
) -> None:
    for namespace, version in (("vmm", "v4.3"), ("prism", "v4.4")):
        script.on("OPTIONS", f"/api/{namespace}/unversioned/info", reply(200, {"data": version}))
    script.on("GET", "/api/prism/v4.4/config/tasks", reply(200, {"data": []}))
    affected = [{"rel": "vmm:ahv:config:vm", "extId": uuid} for uuid in (SOURCE, "two", "one")]
    done = reply(200, {"data": {"status": "SUCCEEDED", "entitiesAffected": affected}})
    script.on("GET", "/api/prism/v4.4/config/tasks/ZXJnb24=:1", done)
    script.on("GET", f"{VMS}/{SOURCE}", reply(200, {"data": {"extId": SOURCE}}))
    script.on("POST", f"{VMS}/{SOURCE}/$actions/clone", reply(202, {"data": {"extId": "ZXJnb24=:1"}}))
    made = [{"extId": "two", "name": "a_002"}, {"extId": "one", "name": "a_001"}]
    nothing = reply(200, {"data": []})
    script.on("GET", VMS, nothing, nothing, reply(200, {"data": made}), nothing)
    site = CentralSite(transport, SiteInfo("default", "", Product.CENTRAL, "", {}))
    outcomes = site.vms.clone(SOURCE, {"k1": CloneSpec("a-001"), "k2": CloneSpec("a-002")}, doings=doings)
    assert [outcome.uuid for outcome in outcomes.values()] == ["one", "two"]


def test_a_clone_that_failed_in_a_batch_tells_why_and_is_not_made_again(
    site: CentralSite, sim: Prism, vm: Callable[..., Vm], doings: Doings
) -> None:
    source = vm().uuid
    sim.control.fault("task-failure", operation="kVmClone", skip=1, count=1, message="no space", code="VMM-77")
    sim.control.latency("vm.clone", 10)
    specs = {f"k{n}": CloneSpec(f"some-{name}") for n, name in enumerate(("x", "y", "z", "w"))}
    outcomes = site.vms.clone(source, specs, doings=doings)
    failed = {key: str(outcome.error) for key, outcome in outcomes.items() if outcome.error}
    assert list(failed) == ["k1"]
    assert "Cloning 'some-y'" in failed["k1"]
    assert "no space (VMM-77)" in failed["k1"]
