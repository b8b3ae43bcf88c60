from __future__ import annotations

import hashlib
import http.server
import ssl
import threading
import uuid
from typing import Any

import pytest
import requests
import trustme

IMAGES = "/api/vmm/v4.3/content/images"
CONTENT = b"golden image".ljust(8192, b"\0")


def body(url: str, **more: Any) -> dict[str, Any]:
    source = {"$objectType": "vmm.v4.content.UrlSource", "url": url, **more.pop("source", {})}
    return {"name": "golden", "type": "DISK_IMAGE", "source": source, **more}


def checksum(content: bytes, algorithm: str) -> dict[str, str]:
    digest = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    return {"$objectType": f"vmm.v4.content.Image{algorithm.title()}Checksum", "hexDigest": digest}


def test_an_image_is_fetched_placed_and_shown_without_its_source(site: Any, make_image: Any, clusters: Any) -> None:
    image = site.data(f"{IMAGES}/{make_image(CONTENT, clusterLocationExtIds=[clusters['hamburg']])}")
    assert image["sizeBytes"] == len(CONTENT)
    assert image["clusterLocationExtIds"] == [clusters["hamburg"]]
    assert "source" not in image
    assert image["ownerName"] == "admin"
    assert "ownerName" not in site.data(f"/api/vmm/v4.1/content/images/{image['extId']}")


def test_an_image_without_clusters_goes_to_all_of_them(site: Any, make_image: Any, clusters: Any) -> None:
    placed = site.data(f"{IMAGES}/{make_image()}")["clusterLocationExtIds"]
    assert set(placed) == {clusters["berlin"], clusters["hamburg"]}


def test_names_are_not_unique(site: Any, make_image: Any) -> None:
    make_image(name="twin")
    make_image(name="twin")
    assert len(site.data(IMAGES, filter="name eq 'twin'")) == 2


def test_the_download_gives_the_disk(site: Any, make_image: Any) -> None:
    answer = site.get(f"{IMAGES}/{make_image(CONTENT)}/file")
    assert answer.content == CONTENT
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_that_fits_is_accepted_and_one_that_does_not_fails_the_task(
    site: Any, web: Any, algorithm: str
) -> None:
    url = web("a", CONTENT)
    site.done(site.post(IMAGES, body(url, checksum=checksum(CONTENT, algorithm))))
    task = site.ended(site.post(IMAGES, body(url, checksum=checksum(b"other", algorithm))))
    assert task["status"] == "FAILED"
    assert "Checksum mismatch" in task["errorMessages"][0]["message"]
    assert len(site.data(IMAGES)) == 1


def test_nothing_beyond_this_machine_is_fetched(site: Any) -> None:
    task = site.ended(site.post(IMAGES, body("http://192.0.2.1/image.qcow2")))
    assert "not on this machine" in task["errorMessages"][0]["message"]


def test_a_file_that_is_not_there_fails_the_task(site: Any, web: Any) -> None:
    url = web("there", b"x").replace("there", "gone")
    assert "HTTP 404" in site.ended(site.post(IMAGES, body(url)))["errorMessages"][0]["message"]


def test_an_untrusted_certificate_is_refused_unless_allowed(site: Any) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"abc")

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"https://127.0.0.1:{server.server_port}/x"
        refused = site.ended(site.post(IMAGES, body(url)))
        allowed = site.ended(site.post(IMAGES, body(url, source={"shouldAllowInsecureUrl": True})))
        server.shutdown()
        thread.join()
    assert "certificate" in refused["errorMessages"][0]["message"]
    assert allowed["status"] == "SUCCEEDED"


def test_an_image_of_a_vm_disk(site: Any, make_vm: Any) -> None:
    disk = site.data(f"/api/vmm/v4.3/ahv/config/vms/{make_vm()}")["disks"][0]["extId"]
    source = {"$objectType": "vmm.v4.content.VmDiskSource", "extId": disk}
    image = site.done(site.post(IMAGES, {"name": "copy", "type": "DISK_IMAGE", "source": source}), "vmm:content:image")
    assert site.get(f"{IMAGES}/{image}/file").content.startswith(b"golden image")
    unknown = {**source, "extId": str(uuid.uuid4())}
    assert site.post(IMAGES, {"name": "copy", "type": "DISK_IMAGE", "source": unknown}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"clusterLocationExtIds": [str(uuid.UUID(int=1))]},
        {"categoryExtIds": [str(uuid.UUID(int=1))]},
        {"source": None},
        {"checksum": {"$objectType": "vmm.v4.content.ImageSha1Checksum", "hexDigest": "abc"}},
    ],
)
def test_what_cannot_be_made_is_refused_before_any_task(site: Any, change: Any) -> None:
    answer = site.post(IMAGES, {**body("http://127.0.0.1/x"), **change})
    assert answer.status_code == 400
    assert site.data("/api/prism/v4.4/config/tasks") == []


def test_an_image_is_changed_in_place_with_its_etag(site: Any, make_image: Any, clusters: Any) -> None:
    path = f"{IMAGES}/{make_image()}"
    changed = {**site.data(path), "name": "new", "clusterLocationExtIds": [clusters["berlin"]]}
    assert site.put(path, changed).status_code == 428
    etag = site.etag(path)
    site.done(site.put(path, changed, etag=etag))
    image = site.data(path)
    assert (image["name"], image["clusterLocationExtIds"]) == ("new", [clusters["berlin"]])
    assert site.put(path, changed, etag=etag).status_code == 412


def test_a_deleted_image_is_not_found(site: Any, make_image: Any) -> None:
    path = f"{IMAGES}/{make_image()}"
    site.done(site.delete(path))
    answer = site.get(path)
    assert answer.status_code == 404
    assert answer.json()["data"]["error"][0]["code"] == "VMM-20005"


def test_a_container_that_is_full_fails_the_task_and_takes_nothing(site: Any, web: Any, clusters: Any) -> None:
    containers = "/api/clustermgmt/v4.3/config/storage-containers"
    text = f"name eq 'SelfServiceContainer' and clusterExtId eq '{clusters['hamburg']}'"
    container = site.data(containers, filter=text)[0]
    path = f"{containers}/{container['containerExtId']}"
    site.done(site.put(path, {"name": container["name"], "maxCapacityBytes": 1000}, etag=site.etag(path)))
    task = site.ended(site.post(IMAGES, body(web("a", CONTENT))))
    assert "Insufficient space" in task["errorMessages"][0]["message"]
    site.done(site.post(IMAGES, body(web("a", CONTENT), clusterLocationExtIds=[clusters["berlin"]])))


def test_a_hostile_disk_fails_the_task_with_the_reason(site: Any, web: Any) -> None:
    evil = b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 2048 FLAT "/etc/passwd" 0\n'
    task = site.ended(site.post(IMAGES, body(web("evil.vmdk", evil))))
    assert "monolithicFlat" in task["errorMessages"][0]["message"]


def test_passwords_of_urls_are_not_repeated(site: Any) -> None:
    task = site.ended(site.post(IMAGES, body("http://user:hunter2@127.0.0.1:1/x?token=hunter2")))
    assert "hunter2" not in task["errorMessages"][0]["message"]


def test_images_survive_a_restart(start: Any, web: Any, tmp_path: Any) -> None:
    before = start(state=tmp_path / "sim.db")
    before.done(before.post(IMAGES, body(web("a", CONTENT))))
    after = start(state=tmp_path / "sim.db")
    found = after.data(IMAGES)[0]
    assert requests.head(after.prism.url, verify=str(before.prism.ca_file), timeout=5).status_code in {401, 404, 501}
    assert after.get(f"{IMAGES}/{found['extId']}/file").content == CONTENT
