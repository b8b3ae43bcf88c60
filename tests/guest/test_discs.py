"""Readers that we did not write find label, names and contents of every disc."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.iso import master
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.payload.spec import Identity, PayloadSpec, Windows
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import Member, Nic

pytestmark = pytest.mark.guest

DISCS = {
    "cidata": {"user-data": b"#cloud-config\n", "meta-data": b"instance-id: x\n", "network-config": b"version: 2\n"},
    "config-2": {
        "openstack/latest/user_data": b"#!/bin/sh\n",
        "openstack/latest/meta_data.json": b"{}",
        "openstack/latest/vendor_data.json": b"",
        "openstack/content/0001": bytes(range(256)) * 5000,
    },
    "unattend": {
        "Autounattend.xml": b"<a/>",
        "Unattend.xml": b"<a/>",
        "Setup Files/first logon.ps1": b"exit\r\n",
        "drivers/net/virtio-win-0.1.271.w2k25.amd64.netkvm.inf": b"x" * 2048,
        "Gr\u00fc\u00dfe/\u65e5\u672c\u8a9e.txt": "\u00fc".encode(),
    },
}


@pytest.fixture(params=DISCS)
def disc(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, bytes], Path]:
    path = tmp_path / "disc.iso"
    path.write_bytes(master(request.param, DISCS[request.param]))
    return request.param, DISCS[request.param], path


def output(*command: object) -> bytes:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True).stdout


def test_blkid_finds_the_label_as_a_guest_does(disc: tuple[str, dict[str, bytes], Path]) -> None:
    label, _, path = disc
    tags = dict(
        line.split("=", 1) for line in output("blkid", "-p", "-o", "export", path).decode().split("\n") if "=" in line
    )
    assert (tags["LABEL"], tags["TYPE"]) == (label, "iso9660")


def test_isoinfo_finds_the_label(disc: tuple[str, dict[str, bytes], Path]) -> None:
    label, _, path = disc
    assert f"Volume id: {label}\n" in output("isoinfo", "-d", "-i", path).decode()


@pytest.mark.parametrize("tree", ["-R", "-J"])
def test_isoinfo_reads_names_and_contents_of_both_trees(disc: tuple[str, dict[str, bytes], Path], tree: str) -> None:
    _, files, path = disc
    names = set(output("isoinfo", tree, "-f", "-i", path).decode(errors="replace").split("\n"))
    for name, content in files.items():
        if tree == "-R" or name.isascii():  # it knows no UTF-8 for Joliet
            assert f"/{name}" in names
            assert output("isoinfo", tree, "-x", f"/{name}", "-i", path) == content


@pytest.mark.parametrize("options", ["rockridge", "!rockridge"], ids=["linux", "windows"])
def test_bsdtar_reads_names_and_contents_of_both_trees(
    disc: tuple[str, dict[str, bytes], Path], tmp_path: Path, options: str
) -> None:
    _, files, path = disc
    target = tmp_path / "out"
    target.mkdir()
    output("env", "LC_ALL=C.UTF-8", "bsdtar", "--options", options, "-xf", path, "-C", target)
    found = {item.relative_to(target).as_posix(): item.read_bytes() for item in target.rglob("*") if item.is_file()}
    assert found == files


def test_xorriso_reads_label_names_and_contents(disc: tuple[str, dict[str, bytes], Path], tmp_path: Path) -> None:
    label, files, path = disc
    target = tmp_path / "out"
    said = subprocess.run(
        ["xorriso", "-indev", f"stdio:{path}", "-osirrox", "on", "-extract", "/", target],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    assert f"Volume id    : '{label}'" in said
    found = {item.relative_to(target).as_posix(): item.read_bytes() for item in target.rglob("*") if item.is_file()}
    assert found == files


@pytest.mark.parametrize("layout", Layout)
def test_a_rendered_payload_is_read_back_whole(
    layout: Layout, rendered: Callable[..., RenderedPayload], identity: Identity, tmp_path: Path
) -> None:
    spec = (
        PayloadSpec(layout, answers=Windows(administrator_password=Secret("x")), files={"a/b.txt": b"1"})
        if layout is Layout.WINDOWS
        else PayloadSpec(layout, user_data=(Template("u", "#!/bin/sh\necho {{ name }}\n"),), files={"a/b.txt": b"1"})
    )
    payload = rendered(spec, Member("agent-1", nics=(Nic(addresses=("10.0.0.5/24",)),)))
    path = tmp_path / "disc.iso"
    path.write_bytes(payload.disc(identity))
    for name, content in payload.files(identity).items():
        assert output("isoinfo", "-R", "-x", f"/{name}", "-i", path) == content
