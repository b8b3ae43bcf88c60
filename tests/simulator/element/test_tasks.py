"""Tasks of an Element as api-legacy, section 1.7, tells of them."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

from pulumi_ahv.simulator.server import running


def begin(berlin: Any, name: str = "golden") -> str:
    return str(berlin.call("POST", "/images", {"name": name}).json()["task_uuid"])


def test_a_write_answers_201_and_a_task_that_takes_time(berlin: Any) -> None:
    response = berlin.call("POST", "/images", {"name": "golden"})
    assert response.status_code == 201
    assert list(response.json()) == ["task_uuid"]
    task = berlin.get(f"/tasks/{response.json()['task_uuid']}")
    assert task["progress_status"] in {"Queued", "Running"}
    assert task["meta_response"] == {"error_code": 0}


def test_a_rule_for_the_tasks_of_a_call_hits_them_and_no_others(berlin: Any, central: Any) -> None:
    central.control.fault("task-failure", operation="v2_create_image", count=1, code="15", message="No space left.")
    failed, good = berlin.task(begin(berlin)), berlin.task(begin(berlin, "silver"))
    assert (failed["progress_status"], good["progress_status"]) == ("Failed", "Succeeded")
    assert failed["meta_response"] == {"error_code": 15, "error_detail": "No space left."}


def test_names_of_entities_are_null_and_a_container_may_stand_first(berlin: Any, container: str) -> None:
    spec = {"url": "http://127.0.0.1:1/x", "storage_container_uuid": container}
    task = berlin.done("POST", "/images", {"name": "golden", "image_import_spec": spec})
    kinds = [(one["entity_type"], one["entity_name"]) for one in task["entity_list"]]
    assert kinds == [("StorageContainer", None), ("Image", None)]


def test_a_list_leaves_out_what_is_over_unless_asked(berlin: Any) -> None:
    uuid = begin(berlin)
    assert [one["uuid"] for one in berlin.call("POST", "/tasks/list", {}).json()["entities"]] == [uuid]
    berlin.task(uuid)
    assert berlin.call("POST", "/tasks/list", {}).json()["entities"] == []
    every = berlin.call("POST", "/tasks/list", {"include_completed": True}).json()["entities"]
    assert [one["uuid"] for one in every] == [uuid]


def test_the_tasks_of_an_entity(berlin: Any, image: str) -> None:
    begin(berlin, "other")
    path = "/api/nutanix/v0.8/tasks"
    told = berlin.get(path, entityUuids=image, includeCompleted="true")["entities"]
    assert [one["operationType"] for one in told] == ["ImageCreate", "ImageUpload"]
    assert {one["progressStatus"] for one in told} == {"Succeeded"}


def test_v08_names_its_errors(berlin: Any, image: str) -> None:
    task = berlin.done("POST", "/images", {"name": "other", "uuid": image})
    told = berlin.get(f"/api/nutanix/v0.8/tasks/{task['uuid']}")
    assert told["metaResponse"] == {"error": "kExists", "errorDetail": f"Image {image} already exists."}


def test_a_task_that_nobody_knows(berlin: Any) -> None:
    assert berlin.call("GET", "/tasks/nobody").status_code == 404
    assert berlin.call("POST", "/tasks/poll", {"completed_tasks": ["nobody"]}).status_code == 404


def test_a_poll_tells_what_is_over_and_nothing_else(berlin: Any) -> None:
    first = begin(berlin)
    berlin.task(first)
    second = begin(berlin, "other")
    response = berlin.call("POST", "/tasks/poll", {"completed_tasks": [first, second], "timeout_interval": 1})
    assert response.status_code == 201
    told = response.json()
    assert ([one["uuid"] for one in told["completed_tasks_info"]], told["timed_out"]) == ([first], False)
    waited = berlin.call("POST", "/tasks/poll", {"completed_tasks": [second], "timeout_interval": 1}).json()
    assert waited == {"completed_tasks_info": [], "timed_out": True}


def test_a_poll_blocks_until_a_task_is_over_and_others_are_served_meanwhile() -> None:
    with running(product="element", pace=0.3) as prism, requests.Session() as session:
        session.trust_env, session.verify = False, str(prism.ca_file)
        session.auth = (prism.username, prism.password)
        v2 = f"{prism.url}/api/nutanix/v2.0"
        task = session.post(f"{v2}/images", json={"name": "golden"}, timeout=10).json()["task_uuid"]
        meanwhile: list[float] = []

        def look() -> None:
            began = time.monotonic()
            requests.get(f"{v2}/cluster", auth=session.auth, verify=session.verify, timeout=10).raise_for_status()
            meanwhile.append(time.monotonic() - began)

        other = threading.Thread(target=look)
        began = time.monotonic()
        other.start()
        body = {"completed_tasks": [task], "timeout_interval": 10}
        told = session.post(f"{v2}/tasks/poll", json=body, timeout=20).json()
        took = time.monotonic() - began
        other.join()
        assert told["completed_tasks_info"][0]["progress_status"] == "Succeeded"
        assert 0.1 < took < 5
        assert len(meanwhile) == 1
