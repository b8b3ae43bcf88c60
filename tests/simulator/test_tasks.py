from __future__ import annotations

from typing import Any
from urllib.parse import quote

IMAGES = "/api/vmm/v4.3/content/images"
TASKS = "/api/prism/v4.4/config/tasks"


def body(url: str) -> dict[str, Any]:
    return {"name": "a", "type": "DISK_IMAGE", "source": {"$objectType": "vmm.v4.content.UrlSource", "url": url}}


def test_a_task_is_running_before_it_succeeds(site: Any, web: Any) -> None:
    task_id = site.post(IMAGES, body(web("a", b"x"))).json()["data"]["extId"]
    assert task_id.startswith("ZXJnb24=:")
    site.prism.control.advance(1)
    task = site.task(task_id)
    assert task["status"] == "RUNNING"
    assert task["progressPercentage"] < 100
    assert "completedTime" not in task
    site.prism.control.advance(60)
    task = site.task(task_id)
    assert (task["status"], task["progressPercentage"]) == ("SUCCEEDED", 100)
    assert task["operation"] == "kImageCreate"
    assert task["entitiesAffected"][0]["rel"] == "vmm:content:image"


def test_the_first_look_at_a_task_never_shows_its_end(site: Any, web: Any) -> None:
    task_id = site.post(IMAGES, body(web("a", b"x"))).json()["data"]["extId"]
    site.prism.control.advance(60)
    assert site.task(task_id)["status"] == "RUNNING"
    assert site.task(task_id)["status"] == "SUCCEEDED"


def test_a_queued_task_has_not_started(site: Any, web: Any) -> None:
    task_id = site.post(IMAGES, body(web("a", b"x"))).json()["data"]["extId"]
    task = site.task(task_id)
    assert task["status"] == "QUEUED"
    assert "startedTime" not in task


def test_a_failed_task_says_why(site: Any) -> None:
    task = site.ended(site.post(IMAGES, body("http://127.0.0.1:1/none")))
    assert task["status"] == "FAILED"
    assert task["errorMessages"][0]["severity"] == "ERROR"
    assert "http://127.0.0.1:1/none" in task["errorMessages"][0]["message"]


def test_a_task_that_can_be_cancelled_ends_as_cancelled_and_makes_nothing(site: Any, web: Any) -> None:
    task_id = site.post(IMAGES, body(web("a", b"x"))).json()["data"]["extId"]
    answer = site.post(f"{TASKS}/{quote(task_id, safe='')}/$actions/cancel")
    assert answer.json()["data"]["code"] == "TSKS-20901"
    assert site.task(task_id)["status"] == "CANCELING"
    site.prism.control.advance(60)
    assert site.task(task_id)["status"] == "CANCELED"
    assert site.data(IMAGES) == []


def test_an_ended_task_cannot_be_cancelled(site: Any, make_image: Any) -> None:
    make_image()
    task_id = site.data(TASKS)[0]["extId"]
    assert site.post(f"{TASKS}/{quote(task_id, safe='')}/$actions/cancel").status_code == 400


def test_tasks_are_listed_newest_first_and_filtered_by_status(site: Any, web: Any) -> None:
    first = site.post(IMAGES, body(web("a", b"x"))).json()["data"]["extId"]
    site.prism.control.advance(60)
    second = site.post(IMAGES, body(web("b", b"x"))).json()["data"]["extId"]
    assert [task["extId"] for task in site.data(TASKS)] == [second, first]
    site.prism.control.advance(0.5)
    running = site.data(TASKS, filter="status eq Prism.Config.TaskStatus'RUNNING'")
    assert [task["extId"] for task in running] == [second]
    done = site.data(TASKS, filter="status eq 'SUCCEEDED' and operation eq 'kImageCreate'")
    assert [task["extId"] for task in done] == [first]


def test_a_task_nobody_started_is_not_found(site: Any) -> None:
    assert site.get(f"{TASKS}/ZXJnb24%3D%3Ad9ab9dc6-0f3b-4a54-9a1e-5f0f0f0f0f0f").status_code == 404


def test_a_task_goes_on_after_a_restart(start: Any, web: Any, tmp_path: Any) -> None:
    state = tmp_path / "sim.db"
    before = start(state=state)
    task_id = before.post(IMAGES, body(web("a", b"x"))).json()["data"]["extId"]
    after = start(state=state)
    after.prism.control.advance(60)
    after.task(task_id)
    assert after.task(task_id)["status"] == "SUCCEEDED"
    assert len(after.data(IMAGES)) == 1


def test_tasks_on_vms_name_the_cluster_first_and_an_entity_twice(site: Any, clusters: Any) -> None:
    vm = {"name": "x", "cluster": {"extId": clusters["berlin"]}}
    task = site.ended(site.post("/api/vmm/v4.3/ahv/config/vms", vm))
    named = [(each["rel"], each["extId"]) for each in task["entitiesAffected"]]
    assert named[0] == ("clustermgmt:config:cluster", clusters["berlin"])
    assert named[1] == named[2]
    assert task["numberOfEntitiesAffected"] == 3
