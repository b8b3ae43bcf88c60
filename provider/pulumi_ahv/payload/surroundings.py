"""Traps that lie not in a disc but in the machine it is put into.

Checked when the resources layer knows the machine: what else hangs on it, how it boots, which data sources its image
pins. Each has a message of its own (facts: measurements on Debian 12 and 13, Microsoft's search order of answer files,
reports of users; docs/payloads.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_ahv.payload.findings import Finding, Place, error, warning
from pulumi_ahv.payload.layouts import LABELS, Layout

_DATA_SOURCE = {Layout.CONFIG_DRIVE: "ConfigDrive", Layout.NO_CLOUD: "NoCloud"}


@dataclass(frozen=True)
class Surroundings:
    """What is known of the machine; empty means not known.

    ``other_labels`` are the labels of further discs, ``prism_customisation`` says that Prism adds its own,
    ``data_sources`` is the ``datasource_list`` pinned in the image, ``cdrom_bus`` is IDE or SATA.
    """

    prism_customisation: bool = False
    other_labels: tuple[str, ...] = ()
    data_sources: tuple[str, ...] = ()
    boot_order: tuple[str, ...] = ()
    uefi: bool = False
    cdrom_bus: str = ""


def check_surroundings(layout: Layout, around: Surroundings, disc: str = "disc") -> list[Finding]:
    """What of the machine would keep a guest from reading this disc, or from keeping its result."""
    place = Place(disc)
    if layout is Layout.WINDOWS:
        return list(_windows(around, place))
    return [*_other_discs(around, place), *_data_sources(layout, around, place), *_bus(around, place)]


def _other_discs(around: Surroundings, disc: Place) -> Iterator[Finding]:
    if around.prism_customisation:
        message = (
            "Prism's own config drive and this disc hang on one machine: which of them counts depends on the image"
        )
        yield error("two-seeds", message, disc, advice="Use one delivery: prism or cdrom.")
    for label in around.other_labels:
        if label.lower() in {LABELS[Layout.CONFIG_DRIVE], LABELS[Layout.NO_CLOUD]}:
            message = f"another disc labelled {label!r} hangs on the machine: which of them counts depends on the image"
            yield error("two-seeds", message, disc, advice="Remove the other disc.")


def _data_sources(layout: Layout, around: Surroundings, disc: Place) -> Iterator[Finding]:
    pinned = [source.lower() for source in around.data_sources]
    if not pinned:
        return
    if _DATA_SOURCE[layout].lower() not in pinned:
        other = next((each for each, name in _DATA_SOURCE.items() if name.lower() in pinned), None)
        advice = f"Use layout {other.value}." if other else "Build an image whose datasource_list has it."
        message = f"the image reads only {', '.join(around.data_sources)}: it does not look at a {layout.value} disc"
        yield error("data-source-pinned", message, disc, advice=advice)
    elif layout is Layout.NO_CLOUD and set(pinned) <= {"nocloud", "none"}:
        # With one source pinned, ds-identify does not look for a disc, and only ConfigDrive compares ids with the VM's.
        message = (
            "the image pins NoCloud: once the disc is gone, cloud-init sees a new instance and makes new host keys"
        )
        yield warning("data-source-fallback", message, disc, advice="Use layout configDrive, or keep the disc.")


def _bus(around: Surroundings, disc: Place) -> Iterator[Finding]:
    if around.cdrom_bus.upper() == "SATA":
        message = "the CD-ROM is on SATA, for which some cloud kernels (Debian 12) have no driver"
        yield warning("cdrom-bus", message, disc, advice="Use IDE where the machine type allows it.")


def _windows(around: Surroundings, disc: Place) -> Iterator[Finding]:
    if around.prism_customisation or any(label.lower() in {"unattend", "cidata"} for label in around.other_labels):
        message = "another disc may hold an answer file: Windows takes the one under the lower drive letter"
        yield error("two-answer-files", message, disc, advice="Use one delivery: prism or cdrom.")
    order = [device.upper() for device in around.boot_order]
    if around.uefi and order[:2] == ["DISK", "CDROM"]:
        message = "an explicit UEFI boot order DISK, CDROM was reported to hide the answer file from Windows"
        yield warning("uefi-boot-order", message, disc, advice="Leave the boot order out.")


WINDOWS_TEMPLATE_NOTE = (
    "Windows takes an answer file from its registry and from %WINDIR%\\Panther before it looks at a CD-ROM: generalize "
    "the template with sysprep without /unattend, and delete %WINDIR%\\Panther\\unattend.xml and "
    "%WINDIR%\\System32\\Sysprep\\unattend.xml first."
)
"""What no check from outside can see; shown beside every Windows disc."""
