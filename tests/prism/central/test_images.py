import io
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import (
    ApiError,
    Conflict,
    InputError,
    NotFound,
    RateLimited,
    TaskFailed,
    TaskTimedOut,
)
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Checksum, Image, ImageChange, ImageType, StreamSource, VmDiskSource
from pulumi_ahv.simulator.server import Prism, running

MISSING = "11111111-2222-4333-8444-555555555555"


def test_an_image_from_a_url_is_read_back(site: CentralSite, create: Callable[..., Image]) -> None:
    image = create(site)
    assert (image.name, image.description, image.type) == ("golden", "mark [golden]", ImageType.DISK)
    assert image.size_bytes == 1024 * 1024
    assert site.images.get(image.uuid) == image


def test_an_image_from_a_stream_goes_through_objects_lite(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    content = bytes(range(256)) * 4096
    image = create(site, source=StreamSource(lambda: io.BytesIO(content), len(content)), type=ImageType.DISK)
    assert image.size_bytes == len(content)
    assert sim.control.counts()["create_image"] == 1


def test_an_image_from_a_disk_of_a_vm(site: CentralSite, create: Callable[..., Image], sim: Prism) -> None:
    disk = sim.control.entities("disks")[0]
    assert create(site, source=VmDiskSource(disk["extId"], MISSING)).size_bytes > 0


def test_placement_and_categories_are_as_asked(site: CentralSite, create: Callable[..., Image]) -> None:
    cluster = site.inventory.clusters()[0]
    category = site.inventory.category("Environment", "Testing")
    image = create(site, cluster_uuids=(cluster.uuid,), category_uuids=(category.uuid,))
    assert (image.cluster_uuids, image.category_uuids) == ((cluster.uuid,), (category.uuid,))


def test_a_storage_container_is_refused(site: CentralSite, create: Callable[..., Image], sim: Prism) -> None:
    with pytest.raises(InputError, match="Use clusters"):
        create(site, storage_container_uuid=MISSING)
    assert "create_image" not in sim.control.counts()


def test_a_checksum_that_does_not_fit_fails_with_prisms_words(site: CentralSite, create: Callable[..., Image]) -> None:
    with pytest.raises(TaskFailed, match=r"Creating image 'golden': task .* FAILED: Checksum mismatch"):
        create(site, checksum=Checksum("sha256", "0" * 64))


@pytest.mark.parametrize("name", ["plain", "it's", "a b&c=d", "ünïcode", "x" * 200, "100 %"])
def test_images_are_found_by_their_exact_name(site: CentralSite, create: Callable[..., Image], name: str) -> None:
    image = create(site, name)
    create(site, f"{name[:100]}-other")
    assert [found.uuid for found in site.images.named(name)] == [image.uuid]


def test_names_may_exist_twice(site: CentralSite, create: Callable[..., Image]) -> None:
    first, second = create(site, key="one"), create(site, key="two")
    assert {image.uuid for image in site.images.named("golden")} == {first.uuid, second.uuid}


def test_images_are_found_by_a_part_of_their_description(site: CentralSite, create: Callable[..., Image]) -> None:
    image = create(site, description="anything [ahv:p/s/it's]")
    create(site, "other", description="anything [ahv:p/s/it]")
    assert [found.uuid for found in site.images.described("[ahv:p/s/it's]")] == [image.uuid]


def test_an_unknown_image_is_none(site: CentralSite) -> None:
    assert site.images.get(MISSING) is None


@pytest.mark.parametrize("body", ["html", "text", "empty"])
def test_a_404_that_is_not_prisms_own_is_no_not_found(
    site: CentralSite, create: Callable[..., Image], sim: Prism, body: Any
) -> None:
    image = create(site)
    sim.control.fault("error", operation="get_image_by_id", status=404, body=body)
    with pytest.raises(ApiError) as caught:
        site.images.get(image.uuid)
    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
def test_a_create_that_lost_its_connection_makes_exactly_one_image(
    site: CentralSite, create: Callable[..., Image], sim: Prism, fault: Any
) -> None:
    sim.control.fault(fault, operation="create_image", count=1)
    image = create(site)
    assert [found.uuid for found in site.images.named("golden")] == [image.uuid]
    posts = sim.control.journal("create_image")
    assert len(posts) == 2
    assert len({post["request_id"] for post in posts}) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_prism_makes_exactly_one_image(
    site: CentralSite, create: Callable[..., Image], sim: Prism, status: int
) -> None:
    sim.control.fault("error", operation="create_image", status=status, body="html", count=3)
    create(site)
    assert len(site.images.named("golden")) == 1


def test_a_storm_of_429_on_everything_is_outlasted(site: CentralSite, create: Callable[..., Image], sim: Prism) -> None:
    sim.control.fault("rate-limit", probability=0.5, retry_after=2)
    create(site)
    sim.control.clear_faults()
    assert len(site.images.named("golden")) == 1


def test_a_storm_of_429_that_does_not_end_is_told(site: CentralSite, create: Callable[..., Image], sim: Prism) -> None:
    sim.control.fault("rate-limit", operation="create_image")
    with pytest.raises(RateLimited, match="Creating image 'golden'"):
        create(site)


def test_another_client_with_the_same_key_gets_the_same_image(
    join: Callable[..., Any], create: Callable[..., Image], clock: ManualClock
) -> None:
    image = create(join())
    clock.advance(3600)
    again = create(join())
    assert again.uuid == image.uuid
    assert len(join().images.named("golden")) == 1


def test_a_run_that_ended_in_the_middle_is_taken_up_by_the_next(
    join: Callable[..., Any], create: Callable[..., Image], sim: Prism, clock: ManualClock
) -> None:
    sim.control.latency("image.create", 100.0)
    with pytest.raises(TaskTimedOut):
        create(join(), deadline=Deadline(clock, 10))
    image = create(join())
    assert [found.uuid for found in join().images.named("golden")] == [image.uuid]


def test_a_failure_of_this_run_is_told_and_not_tried_again(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    sim.control.fault("task-failure", operation="create_image", count=1, message="no space left", code="VMM-20099")
    with pytest.raises(TaskFailed, match="no space left") as caught:
        create(site)
    assert caught.value.code == "VMM-20099"
    assert sim.control.counts()["create_image"] == 1


@pytest.mark.parametrize("pause", [60, 0.7])
def test_the_next_run_goes_on_behind_a_failure_of_an_earlier_one(
    join: Callable[..., Any], create: Callable[..., Image], sim: Prism, clock: ManualClock, pause: float
) -> None:
    sim.control.fault("task-failure", operation="create_image", count=1)
    with pytest.raises(TaskFailed):
        create(join())
    clock.advance(pause)
    create(join())
    assert len(join().images.named("golden")) == 1


def test_the_same_process_goes_on_behind_a_failure_it_has_told(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    sim.control.fault("task-failure", operation="create_image", count=1)
    with pytest.raises(TaskFailed):
        create(site)
    assert create(site).name == "golden"


def test_an_image_that_was_deleted_since_is_made_anew(
    join: Callable[..., Any], create: Callable[..., Image], clock: ManualClock, soon: Callable[[], Deadline]
) -> None:
    first = create(join())
    join().images.delete(first.uuid, deadline=soon())
    clock.advance(60)
    second = create(join())
    assert second.uuid != first.uuid
    assert [found.uuid for found in join().images.named("golden")] == [second.uuid]


def test_a_corrected_body_is_another_call(join: Callable[..., Any], create: Callable[..., Image]) -> None:
    with pytest.raises(ApiError, match="HTTP 400"):
        create(join(), checksum=Checksum("sha256", "no digest"))
    assert create(join()).name == "golden"


def test_a_change_touches_what_was_asked_only(
    site: CentralSite, create: Callable[..., Image], soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    changed = site.images.update(image.uuid, ImageChange(name="silver"), deadline=soon())
    assert (changed.name, changed.description, changed.cluster_uuids) == (
        "silver",
        image.description,
        image.cluster_uuids,
    )


def test_an_empty_list_takes_all_categories_away(
    site: CentralSite, create: Callable[..., Image], soon: Callable[[], Deadline]
) -> None:
    category = site.inventory.category("Environment", "Testing")
    image = create(site, category_uuids=(category.uuid,))
    assert site.images.update(image.uuid, ImageChange(category_uuids=()), deadline=soon()).category_uuids == ()


def test_a_change_that_changes_nothing_writes_nothing(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    site.images.update(image.uuid, ImageChange(name=image.name), deadline=soon())
    assert "update_image_by_id" not in sim.control.counts()


@pytest.mark.parametrize("times", [1, 3])
def test_a_stale_etag_is_read_again_and_applied_again(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline], times: int
) -> None:
    image = create(site)
    etag = {"status": 412, "code": "VMM-30303", "group": "VM_ETAG_MISMATCH"}
    sim.control.fault("error", operation="update_image_by_id", count=times, **etag)
    assert site.images.update(image.uuid, ImageChange(name="silver"), deadline=soon()).name == "silver"


def test_an_etag_that_turns_stale_in_the_task_is_applied_again(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    sim.control.fault("late-etag", operation="update_image_by_id", count=2)
    assert site.images.update(image.uuid, ImageChange(name="silver"), deadline=soon()).name == "silver"


def test_a_change_that_always_comes_too_late_is_told(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    sim.control.fault("error", operation="update_image_by_id", status=412, code="VMM-30303")
    with pytest.raises(Conflict, match="Somebody else changed it"):
        site.images.update(image.uuid, ImageChange(name="silver"), deadline=soon())
    assert sim.control.counts()["update_image_by_id"] == 5


def test_a_change_of_a_missing_image_is_a_not_found(site: CentralSite, soon: Callable[[], Deadline]) -> None:
    with pytest.raises(NotFound, match=f"Changing image {MISSING}"):
        site.images.update(MISSING, ImageChange(name="silver"), deadline=soon())


def test_a_deleted_image_is_gone(site: CentralSite, create: Callable[..., Image], soon: Callable[[], Deadline]) -> None:
    image = create(site)
    site.images.delete(image.uuid, deadline=soon())
    assert site.images.get(image.uuid) is None


def test_delete_of_a_missing_image_succeeds(site: CentralSite, soon: Callable[[], Deadline]) -> None:
    site.images.delete(MISSING, deadline=soon())


def test_a_delete_that_lost_its_connection_succeeds(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    sim.control.fault("drop-after-commit", operation="delete_image_by_id", count=1)
    site.images.delete(image.uuid, deadline=soon())
    assert site.images.get(image.uuid) is None


def test_a_delete_whose_task_vanished_succeeds_when_the_image_is_gone(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    sim.control.fault("error", operation="get_task_by_id", status=404, code="PLAT-10007")
    site.images.delete(image.uuid, deadline=soon())
    assert site.images.get(image.uuid) is None


def test_a_delete_that_failed_is_told(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    sim.control.fault("task-failure", operation="delete_image_by_id", message="image is in use")
    with pytest.raises(TaskFailed, match="image is in use"):
        site.images.delete(image.uuid, deadline=soon())


def test_a_delete_that_is_asked_for_the_etag_brings_it(
    site: CentralSite, create: Callable[..., Image], sim: Prism, soon: Callable[[], Deadline]
) -> None:
    image = create(site)
    sim.control.fault("error", operation="delete_image_by_id", status=428, code="PLAT-10004", count=1)
    site.images.delete(image.uuid, deadline=soon())
    assert site.images.get(image.uuid) is None


def test_an_error_names_object_status_code_and_request(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    sim.control.fault("error", operation="create_image", status=400, code="VMM-20020", message="the name is taken")
    with pytest.raises(ApiError, match=r"Creating image 'golden': the name is taken \(HTTP 400, VMM-20020, request "):
        create(site)


def test_eight_threads_make_eight_images_over_one_site(site: CentralSite, create: Callable[..., Image]) -> None:
    made: list[str] = []
    threads = [
        Thread(target=lambda number=number: made.append(create(site, f"golden-{number}").uuid), daemon=True)
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(set(made)) == 8


def test_an_id_that_is_none_reaches_nothing_else(site: CentralSite, sim: Prism) -> None:
    sim.control.clear_journal()
    with pytest.raises(ApiError):
        site.images.get("../../config/tasks?x=1")
    assert "list_tasks" not in sim.control.counts()


@pytest.mark.parametrize("version", ["v4.0", "v4.1", "v4.2"])
def test_an_older_central_is_spoken_to_in_its_own_version(
    clock: ManualClock, connect_to: Callable[..., CentralSite], create: Callable[..., Image], version: str
) -> None:
    with running(clock=clock, version=version, rate_limits=True) as prism:
        site = connect_to(prism)
        image = create(site)
        changed = site.images.update(image.uuid, ImageChange(name="silver"), deadline=Deadline(clock, 60))
        site.images.delete(changed.uuid, deadline=Deadline(clock, 60))
        assert site.info.api["vmm"] == version
        site.close()
