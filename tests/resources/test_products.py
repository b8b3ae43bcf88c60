"""Walks the table of properties and products: each cell is tried on an embedded Prism of that product."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.connection import Connection, Timeouts, connect
from pulumi_ahv.resources.handler import Context
from pulumi_ahv.resources.image import ImageHandler
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.schema.image import ImageInputs
from pulumi_ahv.schema.support import ProductWord, support, written_properties
from pulumi_ahv.simulator.server import Prism, running

DISK = b"disk".ljust(1 << 20, b"\0")
PROPERTIES = dict(written_properties(ImageInputs))
PRODUCTS: tuple[ProductWord, ...] = ("central", "element")


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(DISK)))
        self.end_headers()
        self.wfile.write(DISK)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """A URL of the disk."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/disk.raw"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def stored() -> Iterator[dict[str, str]]:
    """The disk as an object in S3."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    place = {"bucket": "images", "key": "disk.raw", "region": "us-east-1", "endpoint": f"http://{host}:{port}"}
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=place["endpoint"], **keys).Bucket("images")
    bucket.create()
    bucket.Versioning().enable()
    made = bucket.put_object(Key="disk.raw", Body=DISK)
    yield {**place, "profile": "table", "versionId": made.version_id}
    server.stop()


@pytest.fixture
def samples(tmp_path: Path, web: str, stored: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """For each property the inputs that set it, beside a name and a source."""
    credentials = tmp_path / "credentials"
    credentials.write_text("[table]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    disk = tmp_path / "disk.img"
    disk.write_bytes(DISK)
    path, url = {"path": str(disk)}, {"url": web}
    plain: dict[str, Any] = {
        "name": {},
        "description": {"description": "A note."},
        "type": {"type": "disk"},
        "source": {},
        "source.url": {"source": url},
        "source.insecure": {"source": {**url, "insecure": True}},
        "source.path": {"source": path},
        "source.vmDisk": {"source": {"vmDisk": "a disk"}},
        "checksum": {"checksum": {"sha256": hashlib.sha256(DISK).hexdigest()}},
        "checksum.sha256": {"source": url, "checksum": {"sha256": hashlib.sha256(DISK).hexdigest()}},
        "checksum.sha1": {
            "source": url,
            "checksum": {"sha1": hashlib.sha1(DISK, usedforsecurity=False).hexdigest()},
        },
        "clusters": {"clusters": ["berlin"]},
        "storageContainer": {"storageContainer": "default-container"},
        "categories": {"categories": ["Environment:Testing"]},
        "onNameConflict": {"onNameConflict": "allow"},
        "timeout": {"timeout": 600},
        "connection": {"connection": "named"},
    }
    s3 = {"source.s3": {"source": {"s3": stored}}}
    s3 |= {f"source.s3.{name}": {"source": {"s3": stored}} for name in stored}
    return {
        path_: {"name": "golden", "owner": "p/s/golden", "source": path, **more} for path_, more in (plain | s3).items()
    }


class World:
    """A handler of images on one product, and what it says."""

    def __init__(self, prism: Prism, clock: ManualClock) -> None:
        self.lines: list[str] = []
        self.prism = prism
        settings = Connection(
            "default",
            "127.0.0.1",
            prism.port,
            prism.username,
            Secret(prism.password),
            ca_bundle=str(prism.ca_file),
            timeouts=Timeouts(5, 10, 60),
        )
        self.site = connect(settings, clock=clock, ids=uuid4)
        context = Context(
            site=lambda _: self.site,
            clock=clock,
            progress=self.lines.append,
            digests=Digests(None, clock),
            token=lambda: "abc123",
        )
        self.handler = ImageHandler(context)

    def disk(self) -> str:
        """A disk that an image can be made of."""
        known = self.prism.control.entities("disks")
        return str(known[0]["extId"])


@pytest.fixture
def world() -> Iterator[Callable[[str], World]]:
    """A world for a product."""
    opened: list[Any] = []

    def make(product: str) -> World:
        clock = ManualClock(1_800_000_000.0)
        running_ = running(clock=clock, product=product)
        made = World(running_.__enter__(), clock)
        opened.append((running_, made))
        return made

    yield make
    for running_, made in opened:
        made.site.close()
        running_.__exit__(None, None, None)


def test_every_property_has_a_sample(samples: dict[str, Any]) -> None:
    assert set(samples) == set(PROPERTIES)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("path", PROPERTIES)
def test_a_property_is_taken_as_the_table_says(
    samples: dict[str, Any], world: Callable[[str], World], path: str, product: ProductWord
) -> None:
    fit, place = support(PROPERTIES[path], product), world(product)
    bag = copy.deepcopy(samples[path])
    if path == "source.vmDisk":
        bag["source"]["vmDisk"] = place.disk()
    outcome = place.handler.check({}, bag)
    assert not outcome.failures, outcome.failures
    if fit.word == "refused":
        with pytest.raises(InputError) as caught:
            place.handler.create(outcome.inputs)
        assert caught.value.path == path
        assert place.prism.control.entities("images") == []
        return
    created = place.handler.create(outcome.inputs)
    said = [line for line in place.lines if f"'{path}' is left out" in line]
    assert bool(said) == (fit.word == "ignored")
    live = place.handler.read(created.id, created.state)
    assert live
    assert live.inputs == {name: created.state[name] for name in live.inputs}, "what was made shows no drift"
    assert {name: live.inputs[name] for name in bag} == bag, "state keeps what the program says"
