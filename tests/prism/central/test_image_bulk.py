"""Many images at once, on an embedded Prism Central: one batch for all of them, and an outcome for each."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Checksum, ImageSpec, ImageType, StreamSource
from pulumi_ahv.simulator.server import Prism, running

MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(params=[False, True], ids=["told", "hidden"])
def sim(clock: ManualClock, request: pytest.FixtureRequest) -> Iterator[Prism]:
    """A Prism Central whose batches fail with their elements, and one whose batches hide that."""
    with running(clock=clock, hidden_failures=request.param) as prism:
        yield prism


def many(count: int, **changes: Any) -> dict[str, ImageSpec]:
    """Small images from streams, by key."""
    return {
        f"stack/disc-{n}": ImageSpec(
            f"disc-{n}",
            f"mark [disc-{n}]",
            ImageType.ISO,
            StreamSource(lambda n=n: io.BytesIO(bytes([n]) * 4096), 4096),
            **changes,
        )
        for n in range(count)
    }


def test_many_images_are_one_batch_and_one_upload_each(
    site: CentralSite, sim: Prism, soon: Callable[[], Deadline]
) -> None:
    made = site.images.create_many(many(10), deadline=soon(), progress=silent)
    counts = sim.control.counts()
    assert (counts["submit_batch"], counts["s3_put_object"], counts["list_images"]) == (1, 10, 1)
    assert "create_image" not in counts
    images = {key: site.images.get(outcome.uuid) for key, outcome in made.items()}
    assert {key: image and image.description for key, image in images.items()} == {
        f"stack/disc-{n}": f"mark [disc-{n}]" for n in range(10)
    }
    assert sim.control.entities("objects") == []


def test_few_images_are_made_side_by_side(site: CentralSite, sim: Prism, soon: Callable[[], Deadline]) -> None:
    made = site.images.create_many(many(3), deadline=soon(), progress=silent)
    assert all(outcome.uuid for outcome in made.values())
    assert (sim.control.counts()["create_image"], sim.control.counts().get("submit_batch")) == (3, None)


def test_a_central_without_batches_makes_and_deletes_many_all_the_same(
    site: CentralSite, sim: Prism, soon: Callable[[], Deadline]
) -> None:
    sim.control.fault("error", operation="submit_batch", status=404, body="html")
    made = site.images.create_many(many(6), deadline=soon(), progress=silent)
    gone = site.images.delete_many([outcome.uuid for outcome in made.values()], deadline=soon())
    assert [outcome.error for outcome in (*made.values(), *gone.values())] == [None] * 12
    assert sim.control.entities("images") == []


def test_of_many_each_that_fails_has_prisms_own_reason_and_is_not_tried_again(
    site: CentralSite, sim: Prism, soon: Callable[[], Deadline]
) -> None:
    sim.control.fault("task-failure", operation="kImageCreate", skip=2, count=2, message="no space", code="VMM-20099")
    made = site.images.create_many(many(8), deadline=soon(), progress=silent)
    failed = {key: outcome.error for key, outcome in made.items() if outcome.error}
    assert len(failed) == 2
    for key, error in failed.items():
        assert f"Creating image '{key.removeprefix('stack/')}'" in str(error)
        assert "no space (VMM-20099)" in str(error)
    assert len(sim.control.entities("images")) == 6
    assert sim.control.entities("objects") == []


def test_of_many_one_whose_call_is_refused_has_its_own_refusal(
    site: CentralSite, sim: Prism, soon: Callable[[], Deadline]
) -> None:
    specs = many(6)
    specs["stack/bad"] = replace(
        specs["stack/disc-1"], name="bad", description="bad", checksum=Checksum("sha256", "none")
    )
    made = site.images.create_many(specs, deadline=soon(), progress=silent)
    assert [key for key, outcome in made.items() if outcome.error] == ["stack/bad"]
    assert "HTTP 400" in str(made["stack/bad"].error)


def test_of_many_one_whose_upload_fails_leaves_the_others_alone(
    site: CentralSite, sim: Prism, soon: Callable[[], Deadline]
) -> None:
    specs = many(6)
    source = StreamSource(lambda: io.BytesIO(b"short"), 4096)
    specs["stack/disc-3"] = replace(specs["stack/disc-3"], source=source)
    made = site.images.create_many(specs, deadline=soon(), progress=silent)
    assert [key for key, outcome in made.items() if outcome.error] == ["stack/disc-3"]
    assert "the source has 4096 bytes, but gave 5" in str(made["stack/disc-3"].error)
    assert sim.control.entities("objects") == []


def test_another_run_with_the_same_keys_gets_the_same_images(
    join: Callable[..., Any], sim: Prism, clock: ManualClock, soon: Callable[[], Deadline]
) -> None:
    first = join().images.create_many(many(6), deadline=soon(), progress=silent)
    clock.advance(60)
    again = join().images.create_many(many(6), deadline=soon(), progress=silent)
    assert again == first
    assert len(sim.control.entities("images")) == 6


def test_of_many_those_that_were_deleted_since_are_made_anew(
    join: Callable[..., Any], sim: Prism, clock: ManualClock, soon: Callable[[], Deadline]
) -> None:
    first = join().images.create_many(many(6), deadline=soon(), progress=silent)
    join().images.delete_many([outcome.uuid for outcome in first.values()], deadline=soon())
    clock.advance(60)
    began = clock.monotonic()
    again = join().images.create_many(many(6), deadline=soon(), progress=silent)
    assert not {outcome.uuid for outcome in again.values()} & {outcome.uuid for outcome in first.values()}
    assert len(sim.control.entities("images")) == 6
    assert clock.monotonic() - began < 15, "nobody waits for images that an earlier run made"


def test_many_images_are_deleted_by_one_batch(site: CentralSite, sim: Prism, soon: Callable[[], Deadline]) -> None:
    made = site.images.create_many(many(10), deadline=soon(), progress=silent)
    sim.control.clear_journal()
    uuids = [outcome.uuid for outcome in made.values()]
    gone = site.images.delete_many(uuids, deadline=soon())
    assert {uuid: outcome.error for uuid, outcome in gone.items()} == dict.fromkeys(uuids)
    assert sim.control.entities("images") == []
    counts = sim.control.counts()
    assert (counts["submit_batch"], counts.get("delete_image_by_id"), counts.get("get_image_by_id")) == (1, None, None)


def test_of_many_one_that_will_not_go_is_told_and_one_that_is_gone_is_not(
    site: CentralSite, sim: Prism, soon: Callable[[], Deadline]
) -> None:
    made = site.images.create_many(many(6), deadline=soon(), progress=silent)
    uuids = [outcome.uuid for outcome in made.values()]
    sim.control.fault("task-failure", operation="kImageDelete", entity=uuids[2], message="in use", code="VMM-20098")
    gone = site.images.delete_many([*uuids, MISSING], deadline=soon())
    assert [uuid for uuid, outcome in gone.items() if outcome.error] == [uuids[2]]
    assert "in use (VMM-20098)" in str(gone[uuids[2]].error)
    assert [image["extId"] for image in sim.control.entities("images")] == [uuids[2]]
