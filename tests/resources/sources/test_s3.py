from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.resources.sources.s3 import inspect_object, open_object
from pulumi_ahv.resources.sources.s3_places import S3Facts, S3Location
from pulumi_ahv.resources.sources.streams import CheckedReader

KEYS = {"access_key": "AKIDEXAMPLE", "secret_key": Secret("wJalrXUtnFEMI"), "region": "us-east-1"}


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket_name() -> str:
    """A bucket of this test's own: the server belongs to all of them."""
    return f"images-{uuid4().hex[:12]}"


@pytest.fixture
def bucket(endpoint: str, bucket_name: str) -> Iterator[Any]:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    found = boto3.resource("s3", endpoint_url=endpoint, **keys).Bucket(bucket_name)
    found.create()
    yield found
    found.object_versions.delete()
    found.objects.delete()
    found.delete()


@pytest.fixture
def at(endpoint: str, bucket_name: str) -> Callable[..., S3Location]:
    def at_(key: str, **more: Any) -> S3Location:
        return S3Location(**{"bucket": bucket_name, "key": key, "endpoint": endpoint, **KEYS, **more})

    return at_


def inspect(location: S3Location, kind: str = "disk") -> S3Facts:
    return inspect_object(location, path_property="source.s3", kind=kind)


def test_facts_are_told_from_headers_and_a_few_bytes(disks: Any, bucket: Any, at: Callable[..., S3Location]) -> None:
    data = disks.qcow2()
    bucket.put_object(Key="golden.img", Body=data)
    facts = inspect(at("golden.img"))
    assert facts == S3Facts(len(data), f'"{hashlib.md5(data).hexdigest()}"', "", "qcow2", "")


@pytest.mark.parametrize("writer", ["vmdk", "vmdk_stream", "vhd_fixed", "vhd", "vhdx", "vdi", "gpt"])
def test_every_format_is_recognised(disks: Any, bucket: Any, at: Callable[..., S3Location], writer: str) -> None:
    bucket.put_object(Key="disk", Body=getattr(disks, writer)())
    assert inspect(at("disk")).format == {"gpt": "raw"}.get(writer, writer.partition("_")[0])


def test_an_iso_is_an_iso(disks: Any, bucket: Any, at: Callable[..., S3Location]) -> None:
    bucket.put_object(Key="disc", Body=disks.iso())
    assert inspect(at("disc"), "iso").format == "iso"
    with pytest.raises(InputError, match="Set type to 'iso'"):
        inspect(at("disc"), "disk")


def test_the_checksum_of_the_whole_object_is_known(disks: Any, bucket: Any, at: Callable[..., S3Location]) -> None:
    data = disks.qcow2()
    bucket.put_object(Key="disk", Body=data, ChecksumAlgorithm="SHA256")
    assert inspect(at("disk")).sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(("noted", "known"), [("AB" * 32, "ab" * 32), ("ab" * 31, ""), ("none", "")])
def test_a_digest_in_the_metadata_is_taken_when_it_is_one(
    disks: Any, bucket: Any, at: Callable[..., S3Location], noted: str, known: str
) -> None:
    bucket.put_object(Key="disk", Body=disks.qcow2(), Metadata={"sha256": noted})
    assert inspect(at("disk")).sha256 == known


def test_a_version_pins_the_content(disks: Any, bucket: Any, at: Callable[..., S3Location]) -> None:
    bucket.Versioning().enable()
    old = bucket.put_object(Key="disk", Body=disks.qcow2()).version_id
    bucket.put_object(Key="disk", Body=disks.vhdx())
    facts = inspect(at("disk", version_id=old))
    assert (facts.format, facts.version_id) == ("qcow2", old)
    with open_object(at("disk", version_id=old), facts)() as reader:
        assert reader.read() == disks.qcow2()


def test_what_was_looked_at_is_read_though_a_newer_version_came(
    disks: Any, bucket: Any, at: Callable[..., S3Location]
) -> None:
    bucket.Versioning().enable()
    bucket.put_object(Key="disk", Body=disks.qcow2())
    opening = open_object(at("disk"), inspect(at("disk")))
    bucket.put_object(Key="disk", Body=disks.vhdx())
    with opening() as reader:
        assert reader.read() == disks.qcow2()


def test_a_hazard_is_refused_before_anything_is_sent(disks: Any, bucket: Any, at: Callable[..., S3Location]) -> None:
    bucket.put_object(Key="disk.raw", Body=disks.qcow2(backing=b"base.qcow2"))
    with pytest.raises(InputError, match=r"s3://images-\w+/disk.raw needs a backing file, 'base.qcow2'") as refused:
        inspect(at("disk.raw"))
    assert refused.value.path == "source.s3"


def test_an_empty_object_is_refused(bucket: Any, at: Callable[..., S3Location]) -> None:
    bucket.put_object(Key="disk", Body=b"")
    with pytest.raises(InputError, match="is empty"):
        inspect(at("disk"))


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"bucket": "others"}, "source.s3.bucket", "no such bucket"),
        ({"bucket": "not a bucket!"}, "source.s3.bucket", "no valid names"),
        ({"key": "none"}, "source.s3.key", "no such object"),
        ({"version_id": "00000000-0000-0000-0000-000000000000"}, "source.s3.versionId", "no such version"),
        ({"endpoint": "http://127.0.0.1:9"}, "source.s3.endpoint", "could not be reached"),
        ({"endpoint": "not an address"}, "source.s3.endpoint", "Invalid endpoint"),
        ({"access_key": "", "secret_key": None}, "source.s3", "no credentials were found"),
        ({"access_key": "", "secret_key": None, "profile": "work"}, "source.s3.profile", "no profile 'work'"),
    ],
)
def test_every_failure_says_which_property_to_change(
    disks: Any, bucket: Any, at: Callable[..., S3Location], change: dict[str, Any], path: str, words: str
) -> None:
    bucket.put_object(Key="disk", Body=disks.qcow2())
    with pytest.raises(InputError, match=words) as refused:
        inspect(at(**{"key": "disk", **change}))
    assert refused.value.path == path
    assert refused.value.advice
    assert "wJalrXUtnFEMI" not in str(refused.value)


class Flaky(ThreadingHTTPServer):
    """One object over HTTP. It breaks off the first ``drops`` answers after ``after`` bytes, or answers an S3 error."""

    daemon_threads = True

    def __init__(self, data: bytes, *, drops: int = 0, after: int = 0, code: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data = data
        self.etag = '"1"'
        self.drops = drops
        self.after = after
        self.code = code
        self.spans: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Flaky

    def do_HEAD(self) -> None:
        self.answer(b"" if self.server.code else self.server.data, 403 if self.server.code else 200, body=False)

    def do_GET(self) -> None:
        server = self.server
        if server.code:
            self.answer(f"<Error><Code>{server.code}</Code><Message>Said wJalrXUtnFEMI</Message></Error>".encode(), 403)
            return
        span, match = self.headers["Range"], self.headers["If-Match"]
        server.spans.append((span, match))
        if match != server.etag:
            self.answer(b"<Error><Code>PreconditionFailed</Code></Error>", 412)
            return
        first, last = span.removeprefix("bytes=").split("-")
        data = server.data[int(first) : int(last) + 1]
        if server.drops:
            server.drops -= 1
            self.answer(data, 206, send=server.after)
            self.close_connection = True
        else:
            self.answer(data, 206)

    def answer(self, data: bytes, status: int, *, body: bool = True, send: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", self.server.etag)
        self.end_headers()
        if body:
            self.wfile.write(data[:send])

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def serve(at: Callable[..., S3Location]) -> Iterator[Callable[..., Any]]:
    @contextmanager
    def serve_(data: bytes, **faults: Any) -> Iterator[tuple[Flaky, S3Location]]:
        with Flaky(data, **faults) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield server, at("disk", endpoint=f"http://127.0.0.1:{server.server_port}")
            server.shutdown()
            thread.join()

    return serve_


@pytest.mark.parametrize(
    ("code", "path", "words"),
    [
        ("AccessDenied", "source.s3", "access is denied"),
        ("InvalidAccessKeyId", "source.s3.accessKey", "does not know the access key"),
        ("SignatureDoesNotMatch", "source.s3.secretKey", "does not belong to the access key"),
        ("InvalidObjectState", "source.s3.key", "archived"),
        ("SomethingNew", "source.s3", r"SomethingNew: Said \[secret\]"),
    ],
)
def test_a_refusal_is_told_by_its_code_though_a_head_has_none(
    serve: Callable[..., Any], code: str, path: str, words: str
) -> None:
    with serve(b"", code=code) as (_, location), pytest.raises(InputError, match=words) as refused:
        inspect(location)
    assert refused.value.path == path


DATA = bytes(range(256)) * 12_288  # 3 MiB
FACTS = S3Facts(len(DATA), '"1"', "", "raw", hashlib.sha256(DATA).hexdigest())


def test_a_dropped_connection_is_taken_up_where_it_broke(serve: Callable[..., Any]) -> None:
    with serve(DATA, drops=2, after=1_000_000) as (server, location), open_object(location, FACTS)() as reader:
        checked = CheckedReader(reader, size=FACTS.size, sha256=FACTS.sha256, path_property="source.s3")
        assert checked.read() == DATA
    last = len(DATA) - 1
    assert [match for _, match in server.spans] == ['"1"'] * 3
    assert [span for span, _ in server.spans] == [f"bytes=0-{last}", f"bytes=1000000-{last}", f"bytes=2000000-{last}"]


def test_every_opening_starts_at_the_first_byte(serve: Callable[..., Any]) -> None:
    with serve(DATA) as (_, location):
        opening = open_object(location, FACTS)
        for _ in range(2):
            with opening() as reader:
                assert reader.read(4096) == DATA[:4096]


def test_an_object_that_changed_meanwhile_is_an_error(serve: Callable[..., Any]) -> None:
    with serve(DATA, drops=1, after=1_048_576) as (server, location), open_object(location, FACTS)() as reader:
        assert reader.read(1_048_576) == DATA[:1_048_576]
        server.etag = '"2"'
        with pytest.raises(InputError, match="the object changed while it was read"):
            reader.read()


def test_a_connection_that_never_brings_a_byte_is_given_up(serve: Callable[..., Any]) -> None:
    with (
        serve(DATA, drops=99) as (server, location),
        open_object(location, FACTS)() as reader,
        pytest.raises(InputError, match="broke off the connection again and again") as refused,
    ):
        reader.read()
    assert refused.value.path == "source.s3.endpoint"
    assert len(server.spans) == 5
