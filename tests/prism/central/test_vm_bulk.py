from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.transport import Transport
from pulumi_ahv.prism.values import Product, SiteInfo
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import VmChange, VmSpec
from pulumi_ahv.simulator.server import running

UUID = "11111111-2222-4333-8444-555555555555"
VMS = "/api/vmm/v4.0/ahv/config/vms"
ON = {"extId": UUID, "name": "one", "powerState": "ON"}
OFF = ON | {"powerState": "OFF"}


@pytest.fixture
def laggard(script: Any, reply: Any, transport: Transport) -> CentralSite:
    """A site whose task ends well at once and which shows nothing of it yet."""
    script.on("POST", f"{VMS}/{UUID}/$actions/power-off", reply(202, {"data": {"extId": "ZXJnb24=:1"}}))
    script.on("GET", "/api/prism/v4.0/config/tasks/ZXJnb24=:1", reply(200, {"data": {"status": "SUCCEEDED"}}))
    script.on("GET", VMS, reply(200, {"data": [ON]}))
    script.on("GET", f"{VMS}/{UUID}", reply(200, {"data": ON}))
    return CentralSite(transport, SiteInfo("default", "", Product.CENTRAL, "", {}))


def test_a_replica_that_lags_is_waited_for_and_not_asked_twice(
    laggard: CentralSite, script: Any, reply: Any, doings: Doings
) -> None:
    script.on("GET", f"{VMS}/{UUID}", *[reply(200, {"data": ON})] * 4, reply(200, {"data": OFF}))
    assert laggard.vms.power_off([UUID], doings=doings)[UUID].error is None
    assert len(script.calls("POST", f"{VMS}/{UUID}/$actions/power-off")) == 1


def test_what_never_shows_is_an_error_after_the_time_that_replicas_lag(
    laggard: CentralSite, clock: ManualClock, doings: Doings
) -> None:
    began = clock.monotonic()
    outcome = laggard.vms.power_off([UUID], doings=doings)[UUID]
    assert "Powering off machine 'one': its task ended well, but Prism shows the machine as it was" in str(
        outcome.error
    )
    assert 20 <= clock.monotonic() - began < 25


def test_a_list_that_does_not_know_a_machine_yet_does_not_make_it_deleted(
    laggard: CentralSite, script: Any, reply: Any, doings: Doings
) -> None:
    script.on("GET", VMS, reply(200, {"data": []}))
    script.on("DELETE", f"{VMS}/{UUID}", reply(202, {"data": {"extId": "ZXJnb24=:2"}}))
    failed = {"status": "FAILED", "errorMessages": [{"message": "in use", "code": "VMM-1"}]}
    script.on("GET", "/api/prism/v4.0/config/tasks/ZXJnb24=:2", reply(200, {"data": failed}))
    assert "in use (VMM-1)" in str(laggard.vms.delete([UUID], doings=doings)[UUID].error)


def test_a_guest_that_has_switched_itself_off_again_was_switched_on(
    laggard: CentralSite, script: Any, reply: Any, doings: Doings
) -> None:
    script.on("GET", f"{VMS}/{UUID}", reply(200, {"data": OFF}))
    script.on("POST", f"{VMS}/{UUID}/$actions/power-on", reply(202, {"data": {"extId": "ZXJnb24=:1"}}))
    assert laggard.vms.power_on([UUID], doings=doings)[UUID].error is None
    assert len(script.calls("POST", f"{VMS}/{UUID}/$actions/power-on")) == 1


def test_categories_that_a_put_does_not_take_along_are_associated(
    laggard: CentralSite, script: Any, reply: Any, doings: Doings
) -> None:
    renamed = ON | {"name": "two"}
    whole = renamed | {"categories": [{"extId": "c1"}]}
    script.on("GET", f"{VMS}/{UUID}", reply(200, {"data": ON}), reply(200, {"data": renamed}))
    script.on("GET", VMS, reply(200, {"data": [renamed]}), reply(200, {"data": [whole]}))
    script.on("PUT", f"{VMS}/{UUID}", reply(202, {"data": {"extId": "ZXJnb24=:1"}}))
    associate = f"{VMS}/{UUID}/$actions/associate-categories"
    script.on("POST", associate, reply(202, {"data": {"extId": "ZXJnb24=:1"}}))
    outcome = laggard.vms.change({UUID: VmChange(name="two", category_uuids=("c1",))}, doings=doings)[UUID]
    assert outcome.error is None
    assert [seen.body["categories"][0]["extId"] for seen in script.calls("PUT", f"{VMS}/{UUID}")] == ["c1"]
    assert len(script.calls("POST", associate)) == 1


@pytest.mark.parametrize("hidden", [False, True])
def test_of_a_batch_each_machine_that_failed_has_prisms_own_reason(
    connect_to: Callable[..., CentralSite], clock: ManualClock, doings: Doings, hidden: bool
) -> None:
    with running(clock=clock, hidden_failures=hidden) as sim:
        site = connect_to(sim)
        cluster = next(cluster.uuid for cluster in site.inventory.clusters() if cluster.name == "berlin")
        specs = [VmSpec(f"a{n}", "", cluster, 1, 1, 1 << 30) for n in range(6)]
        uuids = [site.vms.create(spec, key=spec.name, doings=doings).uuid for spec in specs]
        sim.control.fault(
            "task-failure", operation="kVmPowerOn", entity=uuids[4], message="No host has room.", code="VMM-34418"
        )
        began = clock.monotonic()
        outcomes = site.vms.power_on(uuids, doings=doings)
        assert clock.monotonic() - began < 10
        site.close()
    assert [uuid for uuid, outcome in outcomes.items() if outcome.error] == [uuids[4]]
    assert "Powering on machine 'a4': task" in str(outcomes[uuids[4]].error)
    assert "No host has room. (VMM-34418)" in str(outcomes[uuids[4]].error)
