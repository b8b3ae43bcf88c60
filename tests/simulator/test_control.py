from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.simulator.remote import Control, ControlError
from pulumi_ahv.simulator.server import running

IMAGES = "/api/vmm/v4.3/content/images"
CLUSTERS = "/api/clustermgmt/v4.3/config/clusters"
CATEGORIES = "/api/prism/v4.4/config/categories"
VMS = "/api/vmm/v4.3/ahv/config/vms"


def url_image(url: str) -> dict[str, Any]:
    return {"name": "a", "type": "DISK_IMAGE", "source": {"$objectType": "vmm.v4.content.UrlSource", "url": url}}


def test_the_same_seed_gives_the_same_inventory(start: Any) -> None:
    one, two, other = start(seed=7), start(seed=7), start(seed=8)
    assert one.data(CLUSTERS) == two.data(CLUSTERS)
    assert one.data(CLUSTERS)[1]["extId"] != other.data(CLUSTERS)[1]["extId"]


def test_a_reset_takes_back_everything(site: Any, make_image: Any) -> None:
    make_image()
    site.prism.control.fault("error", operation="list_images")
    site.prism.control.reset()
    assert site.data(IMAGES) == []
    assert len(site.data(CLUSTERS)) == 3
    assert site.prism.control.counts() == {"list_images": 1, "list_clusters": 1}


def test_a_bare_site_holds_what_is_added(site: Any) -> None:
    site.prism.control.reset(bare=True)
    assert site.data(CLUSTERS) == []
    site.prism.control.add(clusters=[{"name": "munich"}], subnets=[{"cluster": "munich", "name": "lab", "vlan": 7}])
    assert [each["name"] for each in site.data(CLUSTERS)] == ["munich"]
    with pytest.raises(ControlError, match="unknown kinds"):
        site.prism.control.add(planets=[{}])


def test_the_clock_stands_still_and_moves_when_told(site: Any) -> None:
    before = site.prism.control.now()
    assert site.prism.control.now() == before
    site.prism.control.advance(3600)
    assert site.prism.control.now() == before + 3600
    site.prism.control.release()
    assert site.prism.control.now() >= before + 3600


def test_a_clock_of_the_callers_own_makes_waiting_free() -> None:
    clock = ManualClock(1_000_000.0)
    with running(clock=clock, pace=100.0) as prism:
        body = {"name": "x", "type": "DISK_IMAGE"}
        disk = prism.control.entities("disks")[0]["extId"]
        body["source"] = {"$objectType": "vmm.v4.content.VmDiskSource", "extId": disk}  # type: ignore[assignment]
        call: dict[str, Any] = {"auth": (prism.username, prism.password), "verify": str(prism.ca_file), "timeout": 5}
        task = requests.post(prism.url + IMAGES, json=body, **call).json()["data"]["extId"]
        polls = 0
        while (
            requests.get(f"{prism.url}/api/prism/v4.4/config/tasks/{task}", **call).json()["data"]["status"]
            != "SUCCEEDED"
        ):
            clock.sleep(10)
            polls += 1
        assert polls >= 20


def test_a_restart_begins_where_the_clock_was_moved_to(start: Any, tmp_path: Any) -> None:
    before = start(state=tmp_path / "sim.db")
    before.prism.control.advance(1_000_000)
    moved = before.prism.control.now()
    assert start(state=tmp_path / "sim.db").prism.control.now() >= moved


def test_latencies_are_set_by_kind_of_task(site: Any, web: Any) -> None:
    site.prism.control.latency("image.create", 1000)
    assert site.prism.control.latencies()["set"] == {"image.create": 1000}
    task = site.post(IMAGES, url_image(web("a", b"x"))).json()["data"]["extId"]
    site.prism.control.advance(999)
    site.task(task)
    assert site.task(task)["status"] == "RUNNING"
    site.prism.control.advance(1)
    assert site.task(task)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("envelope", "application/json"),
        ("schema", "application/json"),
        ("html", "text/html"),
        ("text", "text/plain"),
        ("string-details", "application/json"),
    ],
)
def test_an_error_has_the_body_that_was_asked_for(site: Any, kind: str, content_type: str) -> None:
    site.prism.control.fault("error", operation="list_images", status=503, body=kind, message="down")
    answer = site.get(IMAGES)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith(content_type)
    if kind == "string-details":
        assert answer.json()["message_list"][0]["details"] == "down"


def test_an_empty_error_is_empty(site: Any) -> None:
    site.prism.control.fault("error", path="/api/vmm/*", method="get", status=502, body="empty")
    assert (site.get(IMAGES).status_code, site.get(IMAGES).content) == (502, b"")
    assert site.get(CLUSTERS).status_code == 200


def test_a_rule_hits_as_often_as_it_may_and_after_what_it_skips(site: Any) -> None:
    rule = site.prism.control.fault("error", operation="list_*", status=500, skip=1, count=2)
    assert [site.get(IMAGES).status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert site.prism.control.faults()[0]["hits"] == 3
    site.prism.control.clear_faults(rule)
    assert site.prism.control.faults() == []


def test_chance_is_repeated_by_the_seed(start: Any) -> None:
    def answers() -> list[int]:
        site = start(seed=3)
        site.prism.control.fault("error", operation="list_images", probability=0.5)
        return [site.get(IMAGES).status_code for _ in range(20)]

    first = answers()
    assert first == answers()
    assert {200, 500} == set(first)


def test_a_call_is_dropped_before_or_after_it_took_effect(site: Any) -> None:
    body = {"key": "Team", "value": "a"}
    for kind, left in (("drop-before", 0), ("drop-after-commit", 1)):
        site.prism.control.fault(kind, operation="create_category", count=1)
        with pytest.raises(requests.ConnectionError):
            site.post(CATEGORIES, body)
        assert len(site.data(CATEGORIES, filter="key eq 'Team'")) == left


def test_a_lost_answer_is_found_again_by_the_request_id(site: Any, web: Any) -> None:
    request_id = str(uuid.uuid4())
    body = url_image(web("a", b"x"))
    site.prism.control.fault("drop-after-commit", operation="create_image", count=1)
    with pytest.raises(requests.ConnectionError):
        site.post(IMAGES, body, request_id=request_id)
    site.done(site.post(IMAGES, body, request_id=request_id))
    assert len(site.data(IMAGES)) == 1


def test_a_stalled_call_never_gets_an_answer(site: Any) -> None:
    site.prism.control.fault("stall", operation="list_images", count=1)
    with pytest.raises(requests.ReadTimeout):
        site.session.get(site.prism.url + IMAGES, timeout=0.2)
    assert site.get(IMAGES).status_code == 200


def test_a_rate_limit_comes_with_and_without_retry_after(site: Any) -> None:
    site.prism.control.fault("rate-limit", operation="list_images", count=1, retry_after=7)
    site.prism.control.fault("rate-limit", operation="list_images", count=1)
    first, second = site.get(IMAGES), site.get(IMAGES)
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert (second.status_code, second.headers.get("Retry-After")) == (429, None)


def test_a_task_fails_by_the_operation_of_its_call_or_its_own(site: Any, web: Any) -> None:
    body = url_image(web("a", b"x"))
    for operation in ("create_image", "kImageCreate"):
        site.prism.control.fault("task-failure", operation=operation, count=1, code="VMM-1", message="on purpose")
        task = site.ended(site.post(IMAGES, body))
        assert task["errorMessages"][0]["code"] == "VMM-1"
    assert site.data(IMAGES) == []


def test_a_task_is_cancelled_by_others_or_never_ends(site: Any, web: Any) -> None:
    body = url_image(web("a", b"x"))
    site.prism.control.fault("task-canceled", operation="create_image", count=1)
    site.prism.control.fault("task-stuck", operation="create_image", count=1)
    assert site.ended(site.post(IMAGES, body))["status"] == "CANCELED"
    stuck = site.post(IMAGES, body).json()["data"]["extId"]
    site.prism.control.advance(1_000_000)
    site.task(stuck)
    assert (site.task(stuck)["status"], site.task(stuck)["progressPercentage"]) == ("RUNNING", 99)
    assert site.data(IMAGES) == []


def test_an_etag_fails_late(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    site.prism.control.fault("late-etag", operation="power_on_vm", count=1)
    task = site.ended(site.post(f"{path}/$actions/power-on", etag=site.etag(path)))
    assert task["errorMessages"][0]["errorGroup"] == "VM_ETAG_MISMATCH"


def test_a_rule_can_be_about_one_entity_by_its_name(site: Any, make_vm: Any) -> None:
    ids = {name: make_vm(name=name) for name in ("good", "bad")}
    site.prism.control.fault("error", operation="get_vm_by_id", entity="bad")
    assert site.get(f"{VMS}/{ids['good']}").status_code == 200
    assert site.get(f"{VMS}/{ids['bad']}").status_code == 500


def test_a_rule_that_means_nothing_is_refused(site: Any) -> None:
    with pytest.raises(ControlError, match="kind must be one of"):
        site.prism.control.fault("explode")
    with pytest.raises(ControlError, match="unexpected keyword"):
        site.prism.control.fault("error", when="now")


def test_the_journal_tells_who_did_what_without_secrets(site: Any) -> None:
    site.get(IMAGES, filter=f"name eq '{site.prism.password}'")
    site.post(CATEGORIES, {"key": "a", "value": "b"}, request_id="5b1f9a0e-0000-4000-8000-000000000001")
    first, second = site.prism.control.journal()
    assert (first["method"], first["operation"], first["status"], first["user"]) == ("GET", "list_images", 200, "admin")
    assert second["request_id"] == "5b1f9a0e-0000-4000-8000-000000000001"
    assert site.prism.password not in str(site.prism.control.journal())
    assert site.prism.control.journal(since=first["number"]) == [second]
    site.prism.control.clear_journal()
    assert site.prism.control.journal() == []


def test_a_snapshot_brings_everything_back(site: Any, make_image: Any) -> None:
    image = make_image(b"kept".ljust(4096, b"\0"))
    site.prism.control.save("before")
    site.done(site.delete(f"{IMAGES}/{image}"))
    make_image()
    site.prism.control.load("before")
    assert [each["extId"] for each in site.data(IMAGES)] == [image]
    assert site.get(f"{IMAGES}/{image}/file").content.startswith(b"kept")
    with pytest.raises(ControlError):
        site.prism.control.load("never")


def test_entities_are_shown_as_the_site_holds_them(site: Any, make_image: Any) -> None:
    image = make_image()
    assert site.prism.control.entity("images", image)["hidden"]["format"] == "raw"
    assert site.prism.control.about()["entities"]["images"] == 1
    with pytest.raises(ControlError):
        site.prism.control.entity("images", "none")


@pytest.fixture
def process(tmp_path: Path) -> Any:
    """Starts ``ahv sim`` as a process on a state file; answers it with its controls."""
    started = []

    def start() -> tuple[subprocess.Popen[str], dict[str, str]]:
        command = [sys.executable, "-m", "pulumi_ahv.cli", "sim", "--port", "0", "--state", str(tmp_path / "sim.db")]
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "NUTANIX_PASSWORD": "pw/123"}
        )
        started.append(child)
        assert child.stdout is not None
        return child, dict(part.split("=", 1) for part in child.stdout.readline().split())

    yield start
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()


def test_a_killed_process_has_all_that_it_answered(process: Any) -> None:
    child, told = process()
    call: dict[str, Any] = {"auth": ("admin", "pw/123"), "verify": told["ca"], "timeout": 5}
    made = requests.post(told["url"] + CATEGORIES, json={"key": "a", "value": "b"}, **call).json()["data"]["extId"]
    child.send_signal(signal.SIGKILL)
    child.wait()
    _, again = process()
    assert again["ca"] == told["ca"]
    assert requests.get(f"{again['url']}{CATEGORIES}/{made}", **call).json()["data"]["value"] == "b"


def test_the_command_stops_when_told(process: Any) -> None:
    child, told = process()
    assert Control(told["url"], Path(told["ca"])).about()["product"] == "central"
    child.send_signal(signal.SIGTERM)
    before = time.monotonic()
    child.wait(5)
    assert time.monotonic() - before < 2


def test_the_page_shows_what_there_is_and_escapes_it(site: Any, make_vm: Any, power: Any) -> None:
    power(f"{VMS}/{make_vm(name='<b>agent</b>', subnet='berlin-managed')}", "power-on")
    site.prism.control.advance(60)
    site.prism.control.fault("error", operation="list_vms")
    answer = site.get("/_sim/page")
    assert answer.headers["Content-Type"].startswith("text/html")
    for text in ("&lt;b&gt;agent&lt;/b&gt;", "berlin", "golden", "kVmCreate", "10.42.0.10", "list_vms", "running"):
        assert text in answer.text
    assert "<b>agent" not in answer.text
