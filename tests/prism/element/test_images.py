"""Images of Prism Element against the embedded one: every way to make them, and what goes wrong on the way."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import AhvError, ApiError, ConnectionFailed, InputError, NotFound, TaskFailed
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.values import (
    Checksum,
    Image,
    ImageChange,
    ImageSpec,
    ImageType,
    StreamSource,
    UrlSource,
    VmDiskSource,
)
from pulumi_ahv.simulator.server import Prism

Create = Callable[..., Image]
Soon = Callable[[], Deadline]
SIZE = 2 << 20
MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def web() -> Any:
    """A URL under which a raw disk of 1 MiB lies."""

    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 20))
            self.end_headers()
            self.wfile.write(bytes(1 << 20))

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/disk.raw"
    server.shutdown()
    server.server_close()


def test_a_stream_becomes_an_image_that_is_ready_for_use(site: Any, create: Create, sim: Prism) -> None:
    image = create()
    assert (image.name, image.description, image.type) == ("golden", "mark [golden]", ImageType.DISK)
    assert (image.size_bytes, image.cluster_uuids) == (SIZE, (site.info.cluster_uuid,))
    assert image.vm_disk_uuid
    assert image.vm_disk_uuid != image.uuid
    assert site.images.get(image.uuid) == image
    assert sim.control.counts()["v08_upload_image"] == 1


def test_content_goes_where_prism_keeps_images_unless_told_otherwise(site: Any, create: Create, sim: Prism) -> None:
    containers = {one.name: one.uuid for one in site.inventory.storage_containers()}
    first = create()
    second = create("other", storage_container_uuid=containers["default-container"])
    lies = {
        image.uuid: next(iter(sim.control.entity("images", image.uuid)["hidden"]["containers"].values()))
        for image in (first, second)
    }
    assert lies == {
        first.uuid: containers["SelfServiceContainer"],
        second.uuid: containers["default-container"],
    }


def test_an_image_from_a_url(create: Create, web: str, sim: Prism) -> None:
    assert create(source=UrlSource(web), type=ImageType.ISO).size_bytes == 1 << 20
    assert sim.control.entities("images")[0]["type"] == "ISO_IMAGE"


def test_an_image_from_a_disk(create: Create) -> None:
    disk = create().vm_disk_uuid
    assert create("copy", source=VmDiskSource(disk)).size_bytes == SIZE


def test_a_checksum_that_does_not_fit_fails_with_prisms_words(create: Create, web: str) -> None:
    with pytest.raises(TaskFailed, match=r"Creating image 'golden': task .* FAILED: Checksum mismatch"):
        create(source=UrlSource(web), checksum=Checksum("sha1", "0" * 40))


def test_what_a_failed_import_leaves_is_found_by_its_description(site: Any, create: Create, soon: Soon) -> None:
    with pytest.raises(TaskFailed, match="Cannot fetch"):
        create(source=UrlSource("http://127.0.0.1:1/disk.raw"))
    (left,) = site.images.described("mark [golden]")
    assert (left.size_bytes, left.vm_disk_uuid) == (0, "")
    site.images.delete(left.uuid, deadline=soon())
    assert site.images.described("mark [golden]") == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"source": UrlSource("https://h/x", insecure=True)}, "source.insecure"),
        ({"source": VmDiskSource(MISSING), "checksum": Checksum("sha1", "0" * 40)}, "checksum"),
        ({"category_uuids": (MISSING,)}, "categories"),
        ({"cluster_uuids": (MISSING,)}, "clusters"),
    ],
)
def test_what_an_element_cannot_do_is_refused_before_any_call(
    create: Create, sim: Prism, changes: Any, path: str
) -> None:
    with pytest.raises(InputError) as caught:
        create(**changes)
    assert caught.value.path == path
    assert "v2_create_image" not in sim.control.counts()


@pytest.mark.parametrize("operation", ["v2_create_image", "v08_upload_image"])
@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
def test_a_call_that_lost_its_connection_makes_exactly_one_image(
    site: Any, create: Create, sim: Prism, operation: str, fault: Any
) -> None:
    sim.control.fault(fault, operation=operation, count=1)
    image = create()
    assert [one.uuid for one in site.images.named("golden")] == [image.uuid]
    assert image.size_bytes == SIZE


def test_an_image_that_somebody_has_adopted_is_left_alone(site: Any, create: Create, soon: Soon) -> None:
    first = create()
    site.images.update(first.uuid, ImageChange(description="mine now"), deadline=soon())
    assert create().uuid != first.uuid
    assert site.images.get(first.uuid).description == "mine now"


def test_what_an_interrupted_run_began_is_filled(site: Any, create: Create, sim: Prism) -> None:
    sim.control.fault("error", operation="v08_upload_image", status=400, message="No.", count=1)
    few = StreamSource(lambda: io.BytesIO(bytes(512)), 512)
    with pytest.raises(ApiError):
        create(source=few)
    (left,) = site.images.named("golden")
    assert create(source=few).uuid == left.uuid
    assert len(site.images.named("golden")) == 1


def test_an_upload_that_came_through_but_does_not_look_so_yet_is_taken(
    create: Create, sim: Prism, clock: ManualClock
) -> None:
    sim.control.latency("element.image.settle", 100)
    with pytest.raises(AhvError, match="INACTIVE"):
        create()
    clock.advance(35)
    few = StreamSource(lambda: io.BytesIO(bytes(512)), 512)
    assert create(source=few).size_bytes == SIZE


def test_an_import_that_failed_is_made_anew(create: Create, web: str) -> None:
    with pytest.raises(TaskFailed):
        create(source=UrlSource("http://127.0.0.1:1/disk.raw"))
    assert create(source=UrlSource(web)).size_bytes == 1 << 20


def test_an_image_that_was_deleted_is_made_again(site: Any, create: Create, soon: Soon) -> None:
    site.images.delete(create().uuid, deadline=soon())
    assert create().size_bytes == SIZE


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_busy_prism_makes_exactly_one_image(site: Any, create: Create, sim: Prism, status: int) -> None:
    for operation in ("v2_create_image", "v08_upload_image"):
        sim.control.fault("error", operation=operation, status=status, body="html", count=2)
    create()
    assert len(site.images.named("golden")) == 1


def test_an_image_that_stays_inactive_is_an_error_in_bounded_time(
    create: Create, sim: Prism, clock: ManualClock
) -> None:
    sim.control.latency("element.image.settle", 10_000)
    began = clock.monotonic()
    with pytest.raises(AhvError, match="is INACTIVE after 60 s"):
        create()
    assert clock.monotonic() - began < 120


def test_an_upload_that_never_gets_through_says_so(create: Create, sim: Prism) -> None:
    sim.control.fault("drop-before", operation="v08_upload_image")
    lines: list[str] = []
    with pytest.raises(ConnectionFailed, match="Uploading the content of image 'golden'"):
        create(progress=lines.append)
    assert lines.count("golden: upload broken off, once more from the start") == 2


def test_an_upload_that_is_refused_is_not_tried_again(create: Create, sim: Prism) -> None:
    sim.control.fault("error", operation="v08_upload_image", status=413, message="Too large.")
    few = bytes(512)  # a server that says no before it has read everything may break a longer one off
    with pytest.raises(ApiError, match=r"Too large\."):
        create(source=StreamSource(lambda: io.BytesIO(few), len(few)))
    assert sim.control.counts()["v08_upload_image"] == 1


@pytest.mark.parametrize("given", [SIZE - 1, SIZE + 1])
def test_a_source_that_is_not_as_long_as_it_says_makes_no_image(site: Any, create: Create, given: int) -> None:
    with pytest.raises(AhvError):
        create(source=StreamSource(lambda: io.BytesIO(bytes(given)), SIZE))
    assert all(image.size_bytes == 0 for image in site.images.named("golden"))


def test_images_are_found_by_name_and_by_a_part_of_their_description(site: Any, create: Create) -> None:
    image = create(description="anything [ahv:p/s/it's]")
    create("other", description="anything [ahv:p/s/it]")
    assert site.images.named("golden") == [image]
    assert site.images.described("[ahv:p/s/it's]") == [image]
    assert site.images.named("gold") == []


def test_name_and_description_change_in_place(site: Any, create: Create, soon: Soon) -> None:
    image = create()
    changed = site.images.update(image.uuid, ImageChange(name="silver", description="more"), deadline=soon())
    assert (changed.uuid, changed.name, changed.description) == (image.uuid, "silver", "more")
    assert changed.size_bytes == SIZE


def test_a_change_that_changes_nothing_makes_no_call(site: Any, create: Create, sim: Prism, soon: Soon) -> None:
    image = create()
    site.images.update(image.uuid, ImageChange(name="golden"), deadline=soon())
    assert "v2_update_image" not in sim.control.counts()


def test_a_change_is_applied_again_when_somebody_was_faster(site: Any, create: Create, sim: Prism, soon: Soon) -> None:
    image = create()
    sim.control.fault("task-failure", operation="ImageUpdate", code="6", message="Logical timestamp mismatch", count=2)
    assert site.images.update(image.uuid, ImageChange(name="silver"), deadline=soon()).name == "silver"
    assert sim.control.counts()["v2_update_image"] == 3


def test_a_change_of_what_is_gone_is_a_not_found(site: Any, soon: Soon) -> None:
    with pytest.raises(NotFound):
        site.images.update(MISSING, ImageChange(name="x"), deadline=soon())


def test_delete_leaves_nothing_and_succeeds_twice(site: Any, create: Create, soon: Soon) -> None:
    image = create()
    for _ in range(2):
        site.images.delete(image.uuid, deadline=soon())
    assert site.images.get(image.uuid) is None


@pytest.mark.parametrize("body", ["html", "text", "empty"])
def test_a_404_that_is_not_prisms_own_is_no_not_found(site: Any, create: Create, sim: Prism, body: Any) -> None:
    image = create()
    sim.control.fault("error", operation="v2_get_image", status=404, body=body)
    with pytest.raises(ApiError) as caught:
        site.images.get(image.uuid)
    assert not isinstance(caught.value, NotFound)


def test_the_end_of_many_tasks_costs_few_calls(site: Any, create: Create, sim: Prism) -> None:
    threads = [threading.Thread(target=create, args=(f"image-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sim.control.entities("images")) == 8
    assert sim.control.counts().get("v2_poll_tasks", 0) > 0


def test_many_images_are_made_and_deleted_each_with_an_outcome_of_its_own(site: Any, soon: Soon, sim: Prism) -> None:
    source = StreamSource(lambda: io.BytesIO(bytes(SIZE)), SIZE)
    specs = {f"k{n}": ImageSpec(f"disc-{n}", f"mark {n}", ImageType.ISO, source) for n in range(5)}
    specs["bad"] = replace(specs["k0"], name="bad", category_uuids=(MISSING,))
    made = site.images.create_many(specs, deadline=soon(), progress=silent)
    assert [key for key, outcome in made.items() if outcome.error] == ["bad"]
    assert "Prism Element has no categories" in str(made["bad"].error)
    uuids = {key: outcome.uuid for key, outcome in made.items() if outcome.uuid}
    assert {key: site.images.get(uuid).name for key, uuid in uuids.items()} == {f"k{n}": f"disc-{n}" for n in range(5)}
    gone = site.images.delete_many([*uuids.values(), MISSING], deadline=soon())
    assert [outcome.error for outcome in gone.values()] == [None] * 6
    assert sim.control.entities("images") == []
