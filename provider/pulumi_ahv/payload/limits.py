"""What Prism's own guest customisation takes, by product and version, and the choice between it and a disc of ours.

Facts (SDK 4.3 and the v3 specification; issues of Nutanix's own clients): the v4 and v3 fields are base64 text of at
most 128,000 (user data) and 32,000 (meta-data, answer file) characters; Element's v2.0 takes plain text and names no
limit, 32 KiB is what other clients keep to (an assumption here). AOS 7.3 refuses user data that does not begin with
``#cloud-config``. Prism writes a config drive; it takes no network data, vendor data or further files.

An Element customises a machine when it is made and at no other time, and writes the meta-data itself: the guest's host
name is the name that the machine is born with, which with us is a working name, and no MAC is known yet. Its disc stays
in the drive for good (api-legacy, section 1.6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pulumi_ahv.payload.layouts import Layout


class Delivery(StrEnum):
    """How a payload reaches the guest."""

    AUTO = "auto"
    CDROM = "cdrom"
    PRISM = "prism"
    PATH = "path"


@dataclass(frozen=True)
class PrismSite:
    """Which Prism would take the customisation: Central or Element, and the version of AOS (``7.3``) if it is known."""

    central: bool
    aos_version: str = ""


@dataclass(frozen=True)
class Limits:
    """The most bytes of text that the fields carry."""

    user_data: int
    meta_data: int
    answer_file: int
    cloud_config_only: bool
    said_by: str


@dataclass(frozen=True)
class Texts:
    """What there is to deliver, as far as the choice depends on it."""

    layout: Layout
    user_data: bytes = b""
    meta_data: bytes = b""
    answer_file: bytes = b""
    carries_secret: bool = False
    has_meta_data: bool = False
    needs_macs: bool = False
    has_network: bool = False
    has_vendor_data: bool = False
    has_extra_files: bool = False


@dataclass(frozen=True)
class Choice:
    """The delivery to take, and why, as one sentence for the user."""

    delivery: Delivery
    reason: str


_FIRST_WITH_PREFIX_CHECK = (7, 3)
_ELEMENT_BYTES = 32 * 1024
_HOST_NAME = re.compile(rb"^(hostname|fqdn):", re.MULTILINE)
_ELEMENT_LEAVES = "an Element would leave its own disc in the drive, and tells the guest the clone's working name"


def limits_of(site: PrismSite) -> Limits:
    """The limits of a site. An unknown version is taken for one that has every restriction."""
    version = tuple(int(number) for number in re.findall(r"\d+", site.aos_version)[:2])
    strict = not version or version >= _FIRST_WITH_PREFIX_CHECK
    if site.central:
        return Limits(_raw(128_000), _raw(32_000), _raw(32_000), cloud_config_only=strict, said_by="Prism Central")
    element = _ELEMENT_BYTES
    return Limits(element, element, element, cloud_config_only=strict, said_by="Prism Element")


def choose(wanted: Delivery, texts: Texts, site: PrismSite) -> Choice:
    """Settle ``auto``, and confirm or contradict what was asked for.

    Raises:
        ValueError: ``prism`` was asked for and cannot carry this payload; the text says why.
    """
    obstacles = obstacles_of(texts, limits_of(site)) + ([] if site.central else _obstacles_of_births(texts))
    if wanted is Delivery.PRISM and obstacles:
        raise ValueError(f"Prism's own customisation cannot carry this payload: {'; '.join(obstacles)}")
    if wanted is not Delivery.AUTO:
        return Choice(wanted, "asked for")
    if not site.central:
        return Choice(Delivery.CDROM, f"a disc of ours: {_ELEMENT_LEAVES}")
    if obstacles:
        return Choice(Delivery.CDROM, f"a disc of ours: {'; '.join(obstacles)}")
    if texts.carries_secret:
        return Choice(
            Delivery.CDROM, "a disc of ours: the payload carries a secret, which Prism would show to its readers"
        )
    return Choice(Delivery.PRISM, "fits the limits of Prism's own customisation and carries no secret")


def obstacles_of(texts: Texts, limits: Limits) -> list[str]:
    """Everything that keeps Prism's own customisation from carrying a payload."""
    found = [
        f"{name} has {len(text)} bytes, {limits.said_by} takes {limit}"
        for name, text, limit in (
            ("user data", texts.user_data, limits.user_data),
            ("meta-data", texts.meta_data, limits.meta_data),
            ("the answer file", texts.answer_file, limits.answer_file),
        )
        if len(text) > limit
    ]
    if texts.layout is Layout.NO_CLOUD:
        found.append("Prism writes config drives, not NoCloud discs")
    is_cloud_config = texts.layout is Layout.WINDOWS or texts.user_data.startswith(b"#cloud-config")
    if limits.cloud_config_only and not is_cloud_config:
        found.append("AOS 7.3 and later take only user data that begins with #cloud-config")
    for present, what in (
        (texts.has_network, "network configuration"),
        (texts.has_vendor_data, "vendor data"),
        (texts.has_extra_files, "further files"),
    ):
        if present:
            found.append(f"Prism takes no {what}")
    return found


def _obstacles_of_births(texts: Texts) -> list[str]:
    """What keeps a payload from going with the call that makes a machine, as an Element wants it."""
    found = []
    if texts.has_meta_data:
        found.append("Prism Element writes the meta-data itself")
    if texts.needs_macs:
        found.append("Prism Element takes it when a machine is made, before it has the MACs by which cards are found")
    if texts.user_data.startswith(b"#cloud-config") and not _HOST_NAME.search(texts.user_data):
        found.append("Prism Element names the guest after the clone's working name, so set hostname or fqdn in it")
    return found


def _raw(characters: int) -> int:
    """How many bytes become at most this many characters of base64."""
    return characters // 4 * 3
