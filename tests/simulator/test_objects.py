from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

IMAGES = "/api/vmm/v4.3/content/images"
BUCKET = "vmm-images"


def client_of(prism: Any, *, key: str = "", secret: str = "", **config: Any) -> Any:
    usual = base64.b64encode(f"{prism.username}:{prism.password}".encode()).decode()
    return boto3.client(
        "s3",
        endpoint_url=f"{prism.url}/api/prism/v4.0/objects",
        aws_access_key_id=key or usual,
        aws_secret_access_key=secret or usual,
        region_name="us-east-1",
        verify=str(prism.ca_file),
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, **config),
    )


@pytest.fixture
def s3(site: Any) -> Iterator[Any]:
    client = client_of(site.prism)
    yield client
    client.close()


def code_of(error: Any) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_object_is_put_read_listed_and_deleted(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="folder/a b.img", Body=b"0123456789")
    assert s3.head_object(Bucket=BUCKET, Key="folder/a b.img")["ContentLength"] == 10
    assert s3.get_object(Bucket=BUCKET, Key="folder/a b.img", Range="bytes=2-4")["Body"].read() == b"234"
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="folder/")["Contents"]] == [
        "folder/a b.img"
    ]
    s3.delete_object(Bucket=BUCKET, Key="folder/a b.img")
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=BUCKET, Key="folder/a b.img")
    assert code_of(error) == "NoSuchKey"


def test_lists_go_on_where_they_were_cut(s3: Any) -> None:
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"k{number}", Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
    assert [each["Key"] for page in pages for each in page["Contents"]] == ["k0", "k1", "k2", "k3", "k4"]


def test_parts_are_put_together(s3: Any, site: Any) -> None:
    parts = [bytes([number]) * (5 << 20) for number in (1, 2)] + [b"tail"]
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    told = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=number, Body=part)["ETag"],
        }
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": told})
    assert s3.get_object(Bucket=BUCKET, Key="big")["Body"].read() == b"".join(parts)
    digest = {
        "$objectType": "vmm.v4.content.ImageSha256Checksum",
        "hexDigest": hashlib.sha256(b"".join(parts)).hexdigest(),
    }
    source = {"$objectType": "vmm.v4.content.ObjectsLiteSource", "key": "big"}
    body = {"name": "up", "type": "DISK_IMAGE", "source": source, "checksum": digest}
    image = site.done(site.post(IMAGES, body), "vmm:content:image")
    assert site.get(f"{IMAGES}/{image}/file").content == b"".join(parts)


def test_parts_that_are_missing_small_or_unordered_are_refused(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    told = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=number, Body=b"small")["ETag"],
        }
        for number in (1, 2)
    ]
    for parts, code in (
        (told, "EntityTooSmall"),
        (told[::-1], "InvalidPartOrder"),
        ([{"PartNumber": 3, "ETag": '"x"'}], "InvalidPart"),
    ):
        with pytest.raises(ClientError) as error:
            s3.complete_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
        assert code_of(error) == code


def test_an_aborted_upload_is_gone(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload)
    with pytest.raises(ClientError) as error:
        s3.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=2, Body=b"x")
    assert code_of(error) == "NoSuchUpload"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_trailing_checksums_are_compared(s3: Any, algorithm: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"hello", ChecksumAlgorithm=algorithm)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"hello", ContentMD5=base64.b64encode(b"0" * 16).decode())
    assert code_of(error) == "BadDigest"


def test_a_signed_payload_is_compared(site: Any) -> None:
    signing = client_of(site.prism, request_checksum_calculation="when_required", signature_version="s3v4")
    signing.put_object(Bucket=BUCKET, Key="a", Body=b"hello")
    assert signing.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"hello"
    signing.close()


def test_a_wrong_key_or_secret_is_refused(site: Any) -> None:
    for wrong, code in (({"secret": "x"}, "SignatureDoesNotMatch"), ({"key": "x"}, "InvalidAccessKeyId")):
        client = client_of(site.prism, **wrong)
        with pytest.raises(ClientError) as error:
            client.put_object(Bucket=BUCKET, Key="a", Body=b"hello")
        client.close()
        assert code_of(error) == code


def test_basic_authentication_is_no_signature(site: Any) -> None:
    answer = site.call("PUT", f"/api/prism/v4.0/objects/{BUCKET}/a", data=b"x")
    assert answer.status_code == 403


def test_other_buckets_do_not_exist(s3: Any) -> None:
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="mine", Key="a", Body=b"x")
    assert code_of(error) == "NoSuchBucket"


def test_an_image_of_a_key_that_was_never_uploaded_fails(site: Any) -> None:
    source = {"$objectType": "vmm.v4.content.ObjectsLiteSource", "key": "never"}
    task = site.ended(site.post(IMAGES, {"name": "up", "type": "DISK_IMAGE", "source": source}))
    assert "never" in task["errorMessages"][0]["message"]


def test_uploads_are_in_the_journal_and_under_its_rules(site: Any, s3: Any) -> None:
    site.prism.control.fault("drop-before", operation="s3_put_object", count=1)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    entries = site.prism.control.journal("s3_put_object")
    assert [entry.get("fault") for entry in entries] == ["drop-before", None]
    assert requests.codes.ok == entries[-1]["status"]
