"""What a user reads when it goes wrong: one line that says what to change, and nothing left behind."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from stacks import Stack, wait_until

from pulumi_ahv.simulator.server import Prism

PROGRAM = 'Image("golden", source={"path": "disk.img"})'


def refused(stack: Stack, prism: Prism) -> str:
    """Run `up`, which has to fail cleanly, and answer its one message."""
    ended = stack.up()
    assert ended.code == 1, ended.text
    assert "pulumi_ahv/" not in ended.text, "a traceback"
    assert prism.password not in ended.text
    assert prism.control.entities("images") == []
    assert prism.control.about()["entities"].get("objects", 0) == 0
    assert stack.images() == []
    assert len(ended.errors) == 1, ended.text
    return ended.errors.pop()


def test_a_wrong_password(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(PROGRAM)
    stack.environ["NUTANIX_PASSWORD"] = "wrong-one"
    line = refused(stack, prism)
    assert "401" in line
    assert "password" in line
    assert "wrong-one" not in line


def test_a_port_that_nobody_listens_on(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(PROGRAM)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stack.environ["NUTANIX_ENDPOINT"] = f"127.0.0.1:{port}"
    line = refused(stack, prism)
    assert str(port) in line
    assert "9440" in line


def test_a_certificate_of_an_authority_that_nobody_named(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(PROGRAM)
    del stack.environ["NUTANIX_CA_BUNDLE"]
    line = refused(stack, prism)
    assert "certificate" in line
    assert "caBundle" in line


def test_a_cluster_that_does_not_exist(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program('Image("golden", source={"path": "disk.img"}, clusters=["berlni"])')
    line = refused(stack, prism)
    assert line.startswith("Image 'golden': clusters[0]: there is no cluster 'berlni'. Did you mean 'berlin'?")


def test_a_category_that_does_not_exist(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program('Image("golden", source={"path": "disk.img"}, categories=["Environment:Nowhere"])')
    assert "no category 'Environment' with the value 'Nowhere'" in refused(stack, prism)


def checked(stack: Stack, prism: Prism, program: str) -> str:
    """Run `preview`, which has to refuse the inputs before any call, and answer all it says."""
    stack.program(program)
    ended = stack.preview()
    assert ended.code == 1, ended.text
    assert "pulumi_ahv/" not in ended.text, "a traceback"
    assert prism.control.journal() == []
    return ended.text


def test_a_file_that_does_not_exist(stack: Stack, prism: Prism) -> None:
    text = checked(stack, prism, PROGRAM)
    assert "source.path" in text
    assert "disk.img" in text
    assert "does not exist" in text


def test_a_qcow2_with_a_backing_file(stack: Stack, prism: Prism, disk: Path) -> None:
    header = bytearray(1 << 20)
    header[0:8] = b"QFI\xfb\x00\x00\x00\x03"
    header[8:16] = (512).to_bytes(8, "big")
    header[16:20] = (8).to_bytes(4, "big")
    header[20:24] = (16).to_bytes(4, "big")
    header[24:32] = (1 << 30).to_bytes(8, "big")
    header[512:520] = b"base.img"
    disk.write_bytes(header)
    text = checked(stack, prism, PROGRAM)
    assert "backing file" in text
    assert "base.img" in text


def test_a_truncated_disk(stack: Stack, prism: Prism, disk: Path) -> None:
    sector = bytearray(512)
    sector[446:462] = b"\x80\0\0\0\x83\0\0\0" + (2048).to_bytes(4, "little") + (1 << 20).to_bytes(4, "little")
    sector[510:] = b"\x55\xaa"
    disk.write_bytes(sector + bytes(1 << 20))
    assert "truncated" in checked(stack, prism, PROGRAM) or "beyond the end" in checked(stack, prism, PROGRAM)


def test_a_wrong_checksum(stack: Stack, prism: Prism, disk: Path) -> None:
    program = f'Image("golden", source={{"path": "disk.img"}}, checksum={{"sha256": "{"0" * 64}"}})'
    text = checked(stack, prism, program)
    assert "checksum.sha256" in text
    assert "0" * 64 in text


def test_every_wrong_property_is_told_at_once(stack: Stack, prism: Prism, disk: Path) -> None:
    text = checked(
        stack, prism, 'Image("golden", source={"path": "disk.img", "url": "ftp://x"}, type="floppy", timeout=1)'
    )
    for path in ("source", "type", "timeout"):
        assert f"{path}: " in text


def test_a_task_that_fails_is_told_in_prisms_words_and_leaves_nothing(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(PROGRAM)
    prism.control.fault(
        "task-failure", operation="create_image", count=1, code="VMM-40000", message="No space left on container."
    )
    line = refused(stack, prism)
    assert "golden" in line
    assert "No space left on container." in line
    assert "VMM-40000" in line
    ended = stack.up()
    assert ended.code == 0, ended.text
    assert len(prism.control.entities("images")) == 1


@pytest.mark.parametrize("kind", ["drop-before", "drop-after-commit"])
def test_a_dropped_connection_is_tried_again_and_makes_one_image(
    stack: Stack, prism: Prism, disk: Path, kind: str
) -> None:
    stack.program(PROGRAM)
    prism.control.fault(kind, operation="create_image", count=1)
    ended = stack.up()
    assert ended.code == 0, ended.text
    assert len(prism.control.entities("images")) == 1


def test_a_failed_resource_does_not_stop_what_does_not_depend_on_it(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(
        """
Image("good", source={"path": "disk.img"})
Image("bad", source={"path": "disk.img"}, clusters=["nowhere"])
"""
    )
    ended = stack.up("--continue-on-error")
    assert ended.code == 1
    wait_until(lambda: len(prism.control.entities("images")) == 1)
    assert [resource["urn"].rpartition("::")[2] for resource in stack.images()] == ["good"]
