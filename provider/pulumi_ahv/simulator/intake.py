"""Takes the content of an image in: fetch or find it, compare its checksum, convert it to a sparse raw disk.

Runs in a thread beside the site and touches nothing of it but files of its own. What cannot be done ends the task
with a message. Facts (api-v4, section 4): http and https URLs with an insecure switch and Basic auth, SHA-1 or
SHA-256 over what was fetched. Ours: only loopback is fetched from unless the site was told otherwise, so that tests
never leave the machine; the codes.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import socket
import ssl
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.disks import DiskError, convert
from pulumi_ahv.simulator.work import Job

_CHUNK = 1024 * 1024
_TIMEOUT = 15.0


def take_in(job: Job) -> dict[str, Any]:
    """The work of ``image.create``: answers name, size, used bytes and source format of the content.

    Raises:
        Refusal: the task fails with this.
    """
    source = job.arguments["source"]
    kind = source["$objectType"].rsplit(".", 1)[1]
    target = job.disks / f"{job.name}.raw"
    if kind == "VmDiskSource":
        if not source["file"]:
            raise Refusal(400, "VMM-20026", "The disk is empty: nothing was ever written to it.")
        os.link(job.disks / source["file"], target)
        return {"content": target.name, "size": target.stat().st_size, "used": source["used"], "format": "raw"}
    fetched = job.disks / f"{job.name}.fetched"
    try:
        if kind == "UrlSource":
            _fetch(job, source, fetched)
        else:
            _link_uploaded(job, source, fetched)
        _compare(job.arguments["values"].get("checksum"), fetched)
        converted = convert(fetched, target, stop=job.stop)
    except (DiskError, OSError) as error:
        target.unlink(missing_ok=True)
        raise Refusal(400, "VMM-20021", f"The image cannot be converted: {error}.") from error
    finally:
        fetched.unlink(missing_ok=True)
    job.share = 1.0
    return {"content": target.name, "size": converted.size, "used": converted.used, "format": converted.format}


def _link_uploaded(job: Job, source: dict[str, Any], target: Path) -> None:
    if not source["file"]:
        raise Refusal(404, "VMM-20022", f"No object with the key {source['key']} has been uploaded.")
    os.link(job.disks / source["file"], target)


def _compare(checksum: dict[str, Any] | None, file: Path) -> None:
    if checksum is None:
        return
    name = "sha1" if checksum["$objectType"].endswith("Sha1Checksum") else "sha256"
    with file.open("rb") as content:
        found = hashlib.file_digest(content, name).hexdigest()
    if found != checksum["hexDigest"].lower():
        text = f"Checksum mismatch: expected {name} {checksum['hexDigest']}, the content has {found}."
        raise Refusal(400, "VMM-20023", text)


def _fetch(job: Job, source: dict[str, Any], target: Path) -> None:
    url = source["url"]
    try:
        with _opener(job, source).open(_request(source), timeout=_TIMEOUT) as answer, target.open("wb") as file:
            total, done = int(answer.headers.get("Content-Length") or 0), 0
            while chunk := answer.read(_CHUNK):
                if job.stop.is_set():
                    raise Refusal(400, "VMM-20024", "The download was cancelled.")
                file.write(chunk)
                done += len(chunk)
                job.share = 0.9 * done / total if total else 0.5
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise Refusal(400, "VMM-20025", f"Cannot fetch {_without_user(url)}: {_reason(error)}.") from error


def _opener(job: Job, source: dict[str, Any]) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    if source.get("shouldAllowInsecureUrl"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=context),
        _NearbyOnly(anywhere=job.fetch_anywhere),
    )


def _request(source: dict[str, Any]) -> urllib.request.Request:
    url = source["url"]
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("only http and https are fetched by the simulator")
    request = urllib.request.Request(url)  # noqa: S310 - the scheme has just been checked
    if auth := source.get("basicAuth"):
        token = base64.b64encode(f"{auth['username']}:{auth['password']}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


class _NearbyOnly(urllib.request.HTTPRedirectHandler):
    """Keeps downloads, and what they redirect to, on this machine."""

    handler_order = 100

    def __init__(self, *, anywhere: bool) -> None:
        self._anywhere = anywhere

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        host = urlsplit(request.full_url).hostname or ""
        if not self._anywhere and not _is_loopback(host):
            raise ValueError(f"{host} is not on this machine, and the simulator fetches from nowhere else")
        return request

    https_request = http_request

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in {"http", "https"}:
            raise ValueError("redirected to something other than http or https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_loopback(host: str) -> bool:
    found = socket.getaddrinfo(host, None)
    return all(ipaddress.ip_address(str(each[4][0])).is_loopback for each in found)


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"HTTP {error.code}"
    return str(getattr(error, "reason", "") or error or type(error).__name__)
