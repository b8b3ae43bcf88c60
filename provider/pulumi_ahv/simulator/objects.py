"""Objects Lite: the S3 interface through which local files reach Prism Central (api-v4, section 4).

Path style at ``/api/prism/v4.0/objects/``, buckets ``vmm-images`` and ``vmm-ovas``. Single and multipart uploads,
head, get, list, delete; bodies go to disk as they come, in constant memory. Assumed: limits and errors are those of
S3; ETags are opaque; an object stays until it is deleted, also after an image was made of it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, tostring

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from pulumi_ahv.simulator.bodies import S3Error, receive
from pulumi_ahv.simulator.chunked import BrokenBody
from pulumi_ahv.simulator.sigv4 import BadSignature, Signed, check
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

PREFIX = "/api/prism/v4.0/objects/"
BUCKETS = ("vmm-images", "vmm-ovas")
Handler = Callable[[Site, Request, str], Awaitable[Response]]
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_SMALLEST_PART = 5 << 20
_MOST_LISTED = 1000
_BLOCK = 4 << 20


def operation(request: Request) -> str:
    """S3's name of a call, for rules and journal: ``s3_put_object``, and so on."""
    _, key = _names(request)
    query = request.query_params
    if not key:
        return {"GET": "s3_list_objects", "HEAD": "s3_head_bucket"}.get(request.method, "s3_unknown")
    if "uploads" in query and request.method == "POST":
        return "s3_create_upload"
    if "uploadId" in query:
        names = {"PUT": "s3_upload_part", "POST": "s3_complete_upload", "DELETE": "s3_abort_upload"}
        return names.get(request.method, "s3_unknown")
    names = {"PUT": "s3_put_object", "GET": "s3_get_object", "HEAD": "s3_head_object", "DELETE": "s3_delete_object"}
    return names.get(request.method, "s3_unknown")


async def serve(site: Site, request: Request) -> Response:
    """Serve one S3 call."""
    try:
        _authorize(site, request)
        bucket, key = _names(request)
        return await _handler(request, bucket)(site, request, f"{bucket}/{key}")
    except BadSignature as error:
        return _error(403, error.code, str(error))
    except BrokenBody as error:
        return _error(400, "IncompleteBody", str(error))
    except S3Error as error:
        return _error(error.status, error.code, str(error))


def _handler(request: Request, bucket: str) -> Handler:
    if bucket not in BUCKETS:
        raise S3Error(404, "NoSuchBucket", "The bucket does not exist.")
    handler = _HANDLERS.get(operation(request))
    if handler is None:
        raise S3Error(501, "NotImplemented", f"{request.method} with {request.url.query!r} is not implemented.")
    return handler


def _names(request: Request) -> tuple[str, str]:
    bucket, _, key = request.scope["path"].removeprefix(PREFIX).partition("/")
    return bucket, key


def _authorize(site: Site, request: Request) -> None:
    settings = site.settings
    secret = base64.b64encode(f"{settings.username}:{settings.password}".encode()).decode()
    path = request.scope["raw_path"].decode().partition("?")[0]
    check(Signed(request.method, path, request.url.query, request.headers), {secret: secret})


async def _put_object(site: Site, request: Request, name: str) -> Response:
    content, size = await receive(site, request)
    etag = _store_object(site, name, content, size)
    return Response(headers={"ETag": etag})


def _store_object(site: Site, name: str, content: str, size: int) -> str:
    _drop(site, name)
    etag = f'"{site.new_id().replace("-", "")}"'
    site.store.table("objects").add(
        name, {"size": size, "etag": etag, "modified": site.timeline.stamp()}, content=content
    )
    return etag


async def _create_upload(site: Site, request: Request, name: str) -> Response:
    del request
    upload_id = site.new_id()
    site.store.table("uploads").add(upload_id, {"name": name, "parts": {}})
    bucket, _, key = name.partition("/")
    return _xml("InitiateMultipartUploadResult", Bucket=bucket, Key=key, UploadId=upload_id)


async def _upload_part(site: Site, request: Request, name: str) -> Response:
    upload = _upload(site, request, name)
    number = request.query_params.get("partNumber", "")
    if not number.isdecimal() or not 1 <= int(number) <= 10_000:
        raise S3Error(400, "InvalidArgument", "partNumber must be a number from 1 to 10000.")
    content, size = await receive(site, request)
    etag = f'"{site.new_id().replace("-", "")}"'
    old = upload.body["parts"].get(number)
    if old is not None:
        (site.store.disks / old["content"]).unlink(missing_ok=True)
    upload.body["parts"][number] = {"content": content, "size": size, "etag": etag}
    site.store.table("uploads").save(upload)
    return Response(headers={"ETag": etag})


async def _complete_upload(site: Site, request: Request, name: str) -> Response:
    upload = _upload(site, request, name)
    asked = _asked_parts(await request.body())
    parts: dict[str, dict[str, Any]] = upload.body["parts"]
    for number, mark in asked:
        if str(number) not in parts or parts[str(number)]["etag"].strip('"') != mark:
            raise S3Error(400, "InvalidPart", f"Part {number} was not uploaded, or with another ETag.")
    if [number for number, _ in asked] != sorted({number for number, _ in asked}):
        raise S3Error(400, "InvalidPartOrder", "Parts must be in ascending order.")
    chosen = [parts[str(number)] for number, _ in asked]
    if any(part["size"] < _SMALLEST_PART for part in chosen[:-1]):
        raise S3Error(400, "EntityTooSmall", "A part but the last is smaller than 5 MiB.")
    files = [site.store.disks / part["content"] for part in chosen]
    await asyncio.to_thread(_join, files)
    etag = _store_object(site, name, files[0].name, sum(part["size"] for part in chosen))
    unused = [part["content"] for part in parts.values() if part not in chosen]
    _discard(site, upload, unused)
    bucket, _, key = name.partition("/")
    return _xml("CompleteMultipartUploadResult", Bucket=bucket, Key=key, ETag=etag)


def _join(files: list[Path]) -> None:
    """Append all files to the first one."""
    with files[0].open("ab") as target:
        for part in files[1:]:
            with part.open("rb") as source:
                while block := source.read(_BLOCK):
                    target.write(block)
            part.unlink()


def _asked_parts(body: bytes) -> list[tuple[int, str]]:
    try:
        root = fromstring(body)  # noqa: S314 - the caller is signed and on this machine
        parts = [(int(part.findtext("{*}PartNumber", "")), part.findtext("{*}ETag", "").strip('"')) for part in root]
    except (ParseError, ValueError) as error:
        raise S3Error(400, "MalformedXML", "The list of parts cannot be read.") from error
    if not parts:
        raise S3Error(400, "MalformedXML", "The list of parts is empty.")
    return parts


async def _abort_upload(site: Site, request: Request, name: str) -> Response:
    upload = _upload(site, request, name)
    _discard(site, upload, [part["content"] for part in upload.body["parts"].values()])
    return Response(status_code=204)


def _discard(site: Site, upload: Record, contents: list[str]) -> None:
    for content in contents:
        (site.store.disks / content).unlink(missing_ok=True)
    site.store.table("uploads").remove(upload.ext_id)


async def _get_object(site: Site, _: Request, name: str) -> Response:
    record = _object(site, name)
    return FileResponse(
        site.store.disks / record.hidden["content"],
        headers={"ETag": record.body["etag"]},
        media_type="application/octet-stream",
    )


async def _delete_object(site: Site, _: Request, name: str) -> Response:
    _drop(site, name)
    return Response(status_code=204)


async def _head_bucket(_: Site, __: Request, ___: str) -> Response:
    return Response()


async def _list_objects(site: Site, request: Request, name: str) -> Response:
    query = request.query_params
    bucket, prefix = name.partition("/")[0], query.get("prefix", "")
    start = query.get("continuation-token") or query.get("start-after", "")
    most = min(int(query.get("max-keys", _MOST_LISTED)), _MOST_LISTED)
    found = sorted(
        (record.ext_id.removeprefix(f"{bucket}/"), record.body)
        for record in site.store.table("objects")
        if record.ext_id.startswith(f"{bucket}/{prefix}")
    )
    rest = [(key, body) for key, body in found if key > start]
    root = Element("ListBucketResult", xmlns=_NAMESPACE)
    shown = rest[:most]
    texts = {"Name": bucket, "Prefix": prefix, "KeyCount": str(len(shown)), "MaxKeys": str(most)}
    texts["IsTruncated"] = "true" if len(rest) > most else "false"
    if len(rest) > most:
        texts["NextContinuationToken"] = shown[-1][0]
    for tag, text in texts.items():
        SubElement(root, tag).text = text
    for key, body in shown:
        entry = SubElement(root, "Contents")
        for tag, text in {
            "Key": key,
            "Size": str(body["size"]),
            "ETag": body["etag"],
            "LastModified": body["modified"],
        }.items():
            SubElement(entry, tag).text = text
    return Response(tostring(root, "utf-8"), media_type="application/xml")


def _upload(site: Site, request: Request, name: str) -> Record:
    record = site.store.table("uploads").get(request.query_params["uploadId"])
    if record is None or record.body["name"] != name:
        raise S3Error(404, "NoSuchUpload", "The upload does not exist.")
    return record


def _object(site: Site, name: str) -> Record:
    record = site.store.table("objects").get(name)
    if record is None:
        raise S3Error(404, "NoSuchKey", "The key does not exist.")
    return record


def _drop(site: Site, name: str) -> None:
    record = site.store.table("objects").get(name)
    if record is not None:
        (site.store.disks / record.hidden["content"]).unlink(missing_ok=True)
        site.store.table("objects").remove(name)


def _xml(root: str, **texts: str) -> Response:
    element = Element(root, xmlns=_NAMESPACE)
    for tag, text in texts.items():
        SubElement(element, tag).text = text
    return Response(tostring(element, "utf-8"), media_type="application/xml")


def _error(status: int, code: str, message: str) -> Response:
    element = Element("Error")
    SubElement(element, "Code").text = code
    SubElement(element, "Message").text = message
    return Response(tostring(element, "utf-8"), status, media_type="application/xml")


_HANDLERS: dict[str, Handler] = {
    "s3_put_object": _put_object,
    "s3_create_upload": _create_upload,
    "s3_upload_part": _upload_part,
    "s3_complete_upload": _complete_upload,
    "s3_abort_upload": _abort_upload,
    "s3_get_object": _get_object,
    "s3_head_object": _get_object,
    "s3_delete_object": _delete_object,
    "s3_list_objects": _list_objects,
    "s3_head_bucket": _head_bucket,
}
