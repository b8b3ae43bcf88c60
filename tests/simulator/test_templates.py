from __future__ import annotations

from typing import Any

import pytest

VMS = "/api/vmm/v4.3/ahv/config/vms"
TEMPLATES = "/api/vmm/v4.3/content/templates"
REL = "vmm:content:template"
VM_SOURCE = "vmm.v4.content.TemplateVmReference"
VERSION_SOURCE = "vmm.v4.content.TemplateVersionReference"


@pytest.fixture
def make_template(site: Any, make_vm: Any) -> Any:
    def make(**more: Any) -> str:
        source = {"$objectType": VM_SOURCE, "extId": make_vm(name="master", subnet="berlin-managed")}
        body = {"templateName": "golden", "templateVersionSpec": {"versionSource": source}, **more}
        return str(site.done(site.post(TEMPLATES, body), REL))

    return make


def test_the_first_version_is_named_after_nothing_but_the_vm(site: Any, make_template: Any) -> None:
    template = site.data(f"{TEMPLATES}/{make_template()}")
    version = template["templateVersionSpec"]
    assert template["templateName"] == "golden"
    assert version["versionName"] == "Initial Version"
    assert version["versionDescription"] == "Created from VM: master"
    assert version["isActiveVersion"] is True
    assert "extId" not in version["vmSpec"]
    assert "macAddress" not in version["vmSpec"]["nics"][0]["backingInfo"]
    source = version["vmSpec"]["disks"][0]["backingInfo"]["dataSource"]["reference"]
    assert source["$objectType"] == "vmm.v4.ahv.config.ImageReference"


def test_a_new_version_is_active_unless_said_otherwise(site: Any, make_template: Any, make_vm: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    first = site.data(path)["templateVersionSpec"]["extId"]
    source = {"$objectType": VM_SOURCE, "extId": make_vm(name="better")}
    spec = {"versionName": "two", "versionDescription": "second", "versionSource": source}
    site.done(site.put(path, {"templateName": "golden", "templateVersionSpec": spec}, etag=site.etag(path)))
    assert site.data(path)["templateVersionSpec"]["versionName"] == "two"
    quiet = {**spec, "versionName": "three", "isActiveVersion": False}
    site.done(site.put(path, {"templateName": "golden", "templateVersionSpec": quiet}, etag=site.etag(path)))
    versions = {each["versionName"]: each["isActiveVersion"] for each in site.data(f"{path}/versions")}
    assert versions == {"Initial Version": False, "two": True, "three": False}
    site.done(site.post(f"{path}/$actions/publish", {"versionId": first}))
    assert site.data(path)["templateVersionSpec"]["extId"] == first


def test_a_version_of_a_version_has_its_overrides(site: Any, make_template: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    base = site.data(path)["templateVersionSpec"]["extId"]
    source = {"$objectType": VERSION_SOURCE, "versionId": base, "overrideVmConfig": {"numSockets": 4}}
    spec = {"versionName": "big", "versionDescription": "more", "versionSource": source}
    site.done(site.put(path, {"templateName": "golden", "templateVersionSpec": spec}, etag=site.etag(path)))
    assert site.data(path)["templateVersionSpec"]["vmSpec"]["numSockets"] == 4


def test_the_active_version_is_not_deleted(site: Any, make_template: Any, make_vm: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    first = site.data(path)["templateVersionSpec"]["extId"]
    assert site.delete(f"{path}/versions/{first}").status_code == 400
    source = {"$objectType": VM_SOURCE, "extId": make_vm()}
    spec = {"versionName": "two", "versionDescription": "second", "versionSource": source}
    site.done(site.put(path, {"templateName": "golden", "templateVersionSpec": spec}, etag=site.etag(path)))
    site.done(site.delete(f"{path}/versions/{first}"))
    assert len(site.data(f"{path}/versions")) == 1


def test_a_deleted_template_is_gone(site: Any, make_template: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    site.done(site.delete(path))
    assert site.get(path).status_code == 404
    assert site.data(TEMPLATES) == []


def test_a_template_needs_a_name_and_a_vm(site: Any) -> None:
    assert site.post(TEMPLATES, {"templateName": "x"}).status_code == 400


def test_a_deployment_makes_its_vms_in_subtasks(site: Any, make_template: Any, clusters: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    overrides = {"0": {"name": "a-0", "numSockets": 8}, "1": {"name": "a-1"}}
    body = {"numberOfVms": 3, "clusterReference": clusters["berlin"], "overrideVmConfigMap": overrides}
    task = site.ended(site.post(f"{path}/$actions/deploy", body))
    assert task["status"] == "SUCCEEDED"
    assert task["numberOfSubtasks"] == 3
    vms = {vm["name"]: vm for vm in site.data(VMS) if vm["name"] != "master"}
    assert set(vms) == {"a-0", "a-1", "golden-2"}
    assert vms["a-0"]["numSockets"] == 8
    assert {vm["powerState"] for vm in vms.values()} == {"OFF"}
    named = {each["extId"] for each in task["entitiesAffected"] if each["rel"] == "vmm:ahv:config:vm"}
    assert named == {vm["extId"] for vm in vms.values()}
    child = site.task(task["subTasks"][0]["extId"])
    assert child["parentTask"]["extId"] == task["extId"]


def test_a_deployment_fails_when_one_of_its_vms_fails(site: Any, make_template: Any, clusters: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    body = {"numberOfVms": 2, "clusterReference": clusters["hamburg"]}
    task = site.ended(site.post(f"{path}/$actions/deploy", body))
    assert task["status"] == "FAILED"
    assert task["errorMessages"][0]["code"] == "VMM-30605"


@pytest.mark.parametrize("change", [{"numberOfVms": 251}, {"numberOfVms": 0}, {"overrideVmConfigMap": {"5": {}}}])
def test_a_deployment_out_of_bounds_is_refused(site: Any, make_template: Any, clusters: Any, change: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    body = {"numberOfVms": 2, "clusterReference": clusters["berlin"], **change}
    assert site.post(f"{path}/$actions/deploy", body).status_code == 400


def test_a_guest_update_makes_one_vm_and_ends_in_a_version(site: Any, make_template: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    task = site.ended(site.post(f"{path}/$actions/initiate-guest-update", {}))
    vm = site.data(path)["guestUpdateStatus"]["deployedVmReference"]
    assert vm in {each["extId"] for each in task["entitiesAffected"]}
    assert site.data(f"{VMS}/{vm}")["name"] == "Template-update-os_golden_Initial Version"
    assert site.post(f"{path}/$actions/initiate-guest-update", {}).status_code == 409
    told = {"versionName": "patched", "versionDescription": "with patches"}
    site.done(site.post(f"{path}/$actions/complete-guest-update", told))
    template = site.data(path)
    assert template["templateVersionSpec"]["versionName"] == "patched"
    assert "guestUpdateStatus" not in template
    assert site.get(f"{VMS}/{vm}").status_code == 404


def test_a_cancelled_guest_update_leaves_no_trace(site: Any, make_template: Any) -> None:
    path = f"{TEMPLATES}/{make_template()}"
    assert site.post(f"{path}/$actions/cancel-guest-update").status_code == 400
    site.done(site.post(f"{path}/$actions/initiate-guest-update", {}))
    site.done(site.post(f"{path}/$actions/cancel-guest-update"))
    assert len(site.data(f"{path}/versions")) == 1
    assert [vm["name"] for vm in site.data(VMS)] == ["master"]


def test_an_early_release_names_deployed_vms_in_the_subtasks_only(start: Any) -> None:
    old = start(version="v4.1")
    vms, templates = VMS.replace("v4.3", "v4.1"), TEMPLATES.replace("v4.3", "v4.1")
    cluster = old.data("/api/clustermgmt/v4.1/config/clusters", filter="name eq 'berlin'")[0]["extId"]
    tasks = "/api/prism/v4.1/config/tasks"

    def wait(answer: Any) -> Any:
        task_id = answer.json()["data"]["extId"]
        for _ in range(20):
            old.prism.control.advance(1)
            task = old.data(f"{tasks}/{task_id}")
        return task

    vm = wait(old.post(vms, {"name": "m", "cluster": {"extId": cluster}}))["entitiesAffected"][-1]["extId"]
    source = {"$objectType": VM_SOURCE, "extId": vm}
    made = wait(old.post(templates, {"templateName": "t", "templateVersionSpec": {"versionSource": source}}))
    path = f"{templates}/{made['entitiesAffected'][0]['extId']}"
    task = wait(old.post(f"{path}/$actions/deploy", {"numberOfVms": 2, "clusterReference": cluster}))
    assert task["status"] == "SUCCEEDED"
    assert {each["rel"] for each in task["entitiesAffected"]} == {"vmm:content:templates"}
    child = old.data(f"{tasks}/{task['subTasks'][0]['extId']}")
    assert "vmm:ahv:config:vm" in {each["rel"] for each in child["entitiesAffected"]}


def test_customization_may_be_forbidden_by_the_version(site: Any, make_vm: Any, clusters: Any) -> None:
    source = {"$objectType": VM_SOURCE, "extId": make_vm()}
    spec = {"versionSource": source, "isGcOverrideEnabled": False}
    template = site.done(site.post(TEMPLATES, {"templateName": "t", "templateVersionSpec": spec}), REL)
    script = {"$objectType": "vmm.v4.ahv.config.Userdata", "value": "I2Nsb3VkLWNvbmZpZwo="}
    config = {"$objectType": "vmm.v4.ahv.config.CloudInit", "cloudInitScript": script}
    overrides = {"0": {"guestCustomization": {"config": config}}}
    body = {"numberOfVms": 1, "clusterReference": clusters["berlin"], "overrideVmConfigMap": overrides}
    answer = site.post(f"{TEMPLATES}/{template}/$actions/deploy", body)
    assert answer.json()["data"]["error"][0]["code"] == "VMM-40008"
