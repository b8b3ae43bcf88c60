import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import AhvError, ConfigError, ConnectionFailed, TaskFailed
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Checksum, Image, StreamSource
from pulumi_ahv.simulator.server import Prism

MIB = 1024 * 1024


class Upload(StreamSource):
    """Bytes in memory, and how often they were opened."""

    opened: list[io.BytesIO]

    def __init__(self, content: bytes, size: int | None = None) -> None:
        opened: list[io.BytesIO] = []

        def open_again() -> io.BytesIO:
            opened.append(io.BytesIO(content))
            return opened[-1]

        super().__init__(open_again, len(content) if size is None else size)
        object.__setattr__(self, "opened", opened)


def s3_calls(sim: Prism) -> dict[str, int]:
    return {name: count for name, count in sim.control.counts().items() if name.startswith("s3_")}


def test_a_small_file_goes_in_one_call_and_its_object_is_taken_away(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    create(site, source=Upload(bytes(MIB)))
    assert s3_calls(sim) == {"s3_put_object": 1, "s3_delete_object": 1}


def test_a_large_file_goes_in_parts_and_arrives_whole(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    content = os.urandom(12 * MIB + 512)
    image = create(site, source=Upload(content))
    assert image.size_bytes == len(content)
    calls = s3_calls(sim)
    assert calls == {"s3_create_upload": 1, "s3_upload_part": 3, "s3_complete_upload": 1, "s3_delete_object": 1}


def test_what_arrived_is_what_was_sent(site: CentralSite, create: Callable[..., Image]) -> None:
    import hashlib

    content = os.urandom(11 * MIB)
    digest = hashlib.sha256(content).hexdigest()
    assert create(site, source=Upload(content), checksum=Checksum("sha256", digest)).size_bytes == len(content)


def test_the_object_is_taken_away_when_the_image_fails(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    sim.control.fault("task-failure", operation="create_image")
    with pytest.raises(TaskFailed):
        create(site, source=Upload(bytes(MIB)))
    assert s3_calls(sim)["s3_delete_object"] == 1


def test_an_object_that_may_not_be_removed_is_left(site: CentralSite, create: Callable[..., Image], sim: Prism) -> None:
    sim.control.fault("error", operation="s3_delete_object", status=403)
    assert create(site, source=Upload(bytes(MIB))).size_bytes == MIB


def test_an_api_key_is_refused_before_anything_is_sent(
    join: Callable[..., Any], create: Callable[..., Image], sim: Prism
) -> None:
    site = join(username="", password=Secret(""), api_key=Secret(sim.api_key))
    sim.control.clear_journal()
    source = Upload(bytes(MIB))
    with pytest.raises(ConfigError, match="takes a user name and password only, no API key"):
        create(site, source=source)
    assert sim.control.counts() == {}
    assert source.opened == []


def test_an_api_key_makes_images_from_a_url(join: Callable[..., Any], create: Callable[..., Image], sim: Prism) -> None:
    site = join(username="", password=Secret(""), api_key=Secret(sim.api_key))
    assert create(site).size_bytes == MIB


@pytest.mark.parametrize("operation", ["s3_create_upload", "s3_upload_part", "s3_complete_upload"])
@pytest.mark.parametrize("fault", ["drop-before", "error"])
def test_a_passing_fault_of_the_upload_is_outlasted(
    site: CentralSite, create: Callable[..., Image], sim: Prism, operation: str, fault: Any
) -> None:
    sim.control.fault(fault, operation=operation, status=503, body="empty", count=1)
    content = os.urandom(11 * MIB)
    source = Upload(content)
    assert create(site, source=source).size_bytes == len(content)
    assert len(source.opened) == 1


def test_an_upload_that_cannot_get_through_is_tried_whole_and_then_told(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    sim.control.fault("error", operation="s3_upload_part", status=404)
    source = Upload(bytes(11 * MIB))
    with pytest.raises(ConnectionFailed, match="Uploading the content of image 'golden': Objects Lite") as caught:
        create(site, source=source)
    assert sim.password not in str(caught.value)
    assert s3_calls(sim)["s3_abort_upload"] == 1
    assert "create_image" not in sim.control.counts()


def test_a_source_that_changed_while_it_was_read_is_refused(
    site: CentralSite, create: Callable[..., Image], sim: Prism
) -> None:
    with pytest.raises(AhvError, match="the source has 2097152 bytes, but gave 1048576"):
        create(site, source=Upload(bytes(MIB), 2 * MIB))
    assert "create_image" not in sim.control.counts()


def test_the_deadline_ends_an_upload(site: CentralSite, create: Callable[..., Image], clock: ManualClock) -> None:
    deadline = Deadline(clock, 0)
    with pytest.raises(AhvError, match="not through after 0 s"):
        create(site, source=Upload(bytes(MIB)), deadline=deadline)


def test_progress_is_told_in_lines(site: CentralSite, create: Callable[..., Image]) -> None:
    lines: list[str] = []
    create(site, source=Upload(bytes(MIB)), progress=lines.append)
    assert lines[0] == "golden: uploading 1.0 MiB"


def test_a_repeated_run_writes_the_same_object(
    join: Callable[..., Any], create: Callable[..., Image], sim: Prism
) -> None:
    create(join(), source=Upload(bytes(MIB)))
    create(join(), source=Upload(bytes(MIB)))
    assert len({entry["path"] for entry in sim.control.journal("s3_put_object")}) == 1


def test_the_users_aws_settings_have_no_say(
    site: CentralSite, create: Callable[..., Image], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile prod]\nendpoint_url = https://s3.example.com\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_CA_BUNDLE", os.devnull)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example.com")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert create(site, source=Upload(bytes(MIB))).size_bytes == MIB
