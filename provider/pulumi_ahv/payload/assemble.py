"""Puts rendered texts together with what is known of the VM: the files of the disc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pulumi_ahv.payload.cloudinit.formats import packed
from pulumi_ahv.payload.cloudinit.metadata import (
    config_drive_meta_data,
    config_drive_vendor_data,
    network_data,
    nocloud_meta_data,
)
from pulumi_ahv.payload.cloudinit.network import network_config
from pulumi_ahv.payload.documents import Documents
from pulumi_ahv.payload.layouts import ANSWER_FILES, META_DATA, NETWORK, USER_DATA, VENDOR_DATA, Layout
from pulumi_ahv.payload.spec import Identity, PayloadSpec
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.unattend.merging import merged
from pulumi_ahv.payload.unattend.specialize import JOIN, Components, card_components
from pulumi_ahv.payload.variables import Member, Nic

PLACEHOLDER = Identity("{the UUID of the VM}")
"""Stands for a VM that is not made yet, in digests and in what is shown."""


def writes_network(spec: PayloadSpec, member: Member) -> bool:
    """Whether the member's interfaces become a network configuration on the disc."""
    if spec.layout is Layout.WINDOWS or isinstance(spec.network, Template):
        return False
    if spec.network is None:
        return any(nic.addresses for nic in member.nics)
    return spec.network and bool(member.nics)


def writes_cards(spec: PayloadSpec, member: Member) -> bool:
    """Whether an answer file gives cards of the member their addresses."""
    return spec.layout is Layout.WINDOWS and spec.network is not False and any(nic.addresses for nic in member.nics)


def assemble(spec: PayloadSpec, documents: Documents, member: Member, identity: Identity) -> dict[str, bytes]:
    """All files of the disc by path. User-data is not compressed yet."""
    files = {
        path: _bytes(content if isinstance(content, bytes) else content.text)
        for path, content in documents.files.items()
    }
    layout = spec.layout
    if layout is Layout.WINDOWS:
        if documents.answers:
            text = merged(documents.answers.text, _components(spec, documents, member, identity))
            files |= dict.fromkeys(ANSWER_FILES, _bytes(text))
        return files
    files[USER_DATA[layout]] = _bytes(documents.user_text())
    meta_data = nocloud_meta_data if layout is Layout.NO_CLOUD else config_drive_meta_data
    files[META_DATA[layout]] = _bytes(meta_data(identity.uuid, member, documents.meta_data))
    if documents.vendor_data:
        text = documents.vendor_data.text
        files[VENDOR_DATA[layout]] = _bytes(text if layout is Layout.NO_CLOUD else config_drive_vendor_data(text))
    if documents.network:
        files[NETWORK[layout]] = _bytes(documents.network.text)
    elif writes_network(spec, member):
        write = network_config if layout is Layout.NO_CLOUD else network_data
        files[NETWORK[layout]] = _bytes(write(_with_macs(member.nics, identity.macs)))
    return files


def compressed(spec: PayloadSpec, files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files with user-data packed where it is over the limit of the specification."""
    path = USER_DATA.get(spec.layout, "")
    if spec.gzip_over and len(files.get(path, b"")) > spec.gzip_over:
        return {**files, path: packed(files[path])}
    return files


def _components(spec: PayloadSpec, documents: Documents, member: Member, identity: Identity) -> Components:
    join = {JOIN: documents.join.text} if documents.join else {}
    if not writes_cards(spec, member):
        return join
    return join | card_components(_with_macs(member.nics, identity.macs))


def _with_macs(nics: Sequence[Nic], macs: Sequence[str]) -> list[Nic]:
    known = [*macs, *[""] * len(nics)]
    return [nic if nic.mac else replace(nic, mac=mac) for nic, mac in zip(nics, known, strict=False)]


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()
