"""Local files on their way to images: the S3 interface of Objects Lite inside Prism Central.

``https://PC:9440/api/prism/v4.0/objects/``, path style, bucket ``vmm-images``, region ``us-east-1``; access key and
secret key are both base64 of ``user:password``, so an API key cannot be used (prism-go-client). An image is then made
from the object's key. Whether the interface lets the object be removed afterwards is not public: it is tried, and a
refusal is no error. How parts are sent, and how few of them are held, is the business of ``multipart``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid5

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError, ConfigError, ConnectionFailed
from pulumi_ahv.kernel.progress import Meter, Progress, size_text
from pulumi_ahv.prism.central.multipart import Place, upload
from pulumi_ahv.prism.dispatch import NAMESPACE
from pulumi_ahv.prism.side_by_side import side_by_side
from pulumi_ahv.prism.transport import Transport, basic_token
from pulumi_ahv.prism.values import StreamSource

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "vmm-images"
_PATH = "/api/prism/v4.0/objects/"
_TRIES = 3


@dataclass(frozen=True)
class Uploaded:
    """An object in the bucket for images."""

    key: str


class ObjectsLite:
    """Puts files where Prism Central makes images from."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._opening = threading.Lock()
        self._opened: S3Client | None = None

    @contextmanager
    def uploaded(
        self, source: StreamSource, *, key: str, name: str, deadline: Deadline, progress: Progress
    ) -> Iterator[Uploaded]:
        """Upload, and take the object away again when the image is made, or is not going to be."""
        uploaded = self.upload(source, key=key, name=name, deadline=deadline, progress=progress)
        try:
            yield uploaded
        finally:
            self.forget([key])

    def upload(self, source: StreamSource, *, key: str, name: str, deadline: Deadline, progress: Progress) -> Uploaded:
        """Put a file where an image can be made from it.

        Args:
            source: The bytes; opened again for each try.
            key: Names the intention; the object's key is derived from it, so that a repeated run writes the same one.
            name: What lines of progress and errors call it.
            deadline: When to give up.
            progress: Told how far it is.

        Raises:
            ConfigError: The connection signs in with an API key.
            ConnectionFailed: The upload did not get through.
        """
        client = self._client(name)
        uploaded = _place(key)
        progress(f"{name}: uploading {size_text(source.size)}")
        self._upload(client, source, uploaded, name=name, deadline=deadline, progress=progress)
        return uploaded

    def forget(self, keys: Sequence[str]) -> None:
        """Remove what was uploaded under these keys, if anything was; with an API key there can be nothing."""
        if not keys or self._transport.connection.api_key:
            return
        client = self._client(keys[0])
        side_by_side(lambda key: self._remove(client, _place(key)), keys)

    def has(self, key: str) -> bool:
        """Whether an interrupted run left an upload under this key; what cannot be told counts as no."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy, and only uploads need it

        if self._transport.connection.api_key:
            return False
        try:
            self._client(key).head_object(Bucket=BUCKET, Key=_place(key).key)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _upload(
        self,
        client: S3Client,
        source: StreamSource,
        uploaded: Uploaded,
        *,
        name: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy, and only uploads need it

        doing = f"Uploading the content of image '{name}'"
        for last in (attempt == _TRIES for attempt in range(1, _TRIES + 1)):
            meter = Meter(progress, f"{name}: uploading", source.size, clock=self._transport.clock)
            watch = _Watch(meter, deadline, doing)
            try:
                with source.open() as stream:
                    upload(Place(client, BUCKET, uploaded.key), stream, source.size, sent=watch)
            except (BotoCoreError, ClientError) as error:
                if last or _refused(error) or deadline.expired():
                    raise self._failed(doing, error) from None
                progress(f"{name}: upload broken off, once more from the start")
            else:
                watch.check(source.size)
                return

    def _failed(self, doing: str, error: Exception) -> ConnectionFailed:
        said = self._transport.scrubber.scrub(str(error))
        return ConnectionFailed(
            doing,
            said=f"Objects Lite of Prism Central ({self._transport.connection.url}{_PATH}): {said}",
            advice="Run again; a url or s3 source does without it.",
        )

    def _remove(self, client: S3Client, uploaded: Uploaded) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy, and only uploads need it

        try:
            client.delete_object(Bucket=BUCKET, Key=uploaded.key)
        except (BotoCoreError, ClientError):
            return  # An object that stays costs space and nothing else; the image must not fail over it.

    def _client(self, name: str) -> S3Client:
        """The one S3 client of the site: all threads may use it, and to make one takes as long as a dozen uploads."""
        with self._opening:
            self._opened = self._opened or self._open(name)
            return self._opened

    def _open(self, name: str) -> S3Client:
        """An S3 client that takes nothing from the user's AWS files: another cloud's settings have no say here."""
        connection = self._transport.connection
        if connection.api_key:
            raise ConfigError(
                f"Uploading the content of image '{name}'",
                said="Objects Lite of Prism Central takes a user name and password only, no API key",
                advice=f"Set {connection.key('username')} and {connection.key('password')}, or use a url source.",
            )
        import botocore.session  # noqa: PLC0415 - heavy, and only uploads need it
        from boto3.session import Session  # noqa: PLC0415 - likewise
        from botocore.config import Config  # noqa: PLC0415 - likewise

        files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
        own = botocore.session.Session(session_vars={"profile": (None, None, None, None), **files})
        token = basic_token(connection)
        return Session(botocore_session=own).client(
            "s3",
            endpoint_url=f"{connection.url}{_PATH}",
            region_name="us-east-1",
            aws_access_key_id=token,
            aws_secret_access_key=token,
            verify=connection.ca_bundle or not connection.insecure,
            config=Config(
                s3={"addressing_style": "path"},
                proxies={"https": connection.proxy} if connection.proxy else {},
                connect_timeout=connection.timeouts.connect,
                read_timeout=connection.timeouts.request,
                retries={"mode": "standard", "total_max_attempts": 6},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                use_fips_endpoint=False,
                use_dualstack_endpoint=False,
            ),
        )


def _place(key: str) -> Uploaded:
    return Uploaded(str(uuid5(NAMESPACE, f"{key}#object")))


class _Watch:
    """Counts what was sent, and ends the upload at the deadline."""

    def __init__(self, meter: Meter, deadline: Deadline, doing: str) -> None:
        self._meter = meter
        self._deadline = deadline
        self._doing = doing
        self._count = 0

    def __call__(self, count: int) -> None:
        if self._deadline.expired():
            said = f"not through after {self._deadline.seconds:g} s"
            raise AhvError(self._doing, said=said, advice="Raise the resource's timeout.")
        self._count += count
        self._meter.add(count)

    def check(self, size: int) -> None:
        """Refuse a source that gave more or less than it announced: it changed while it was read."""
        if self._count != size:
            said = f"the source has {size} bytes, but gave {self._count}"
            raise AhvError(self._doing, said=said, advice="Run again when nothing writes to it any more.")


def _refused(error: Exception) -> bool:
    """Whether the interface said no, which another try does not change."""
    status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return 400 <= status < 500 and status not in {408, 429}
