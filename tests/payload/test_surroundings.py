"""Traps of the machine a disc is put into."""

from __future__ import annotations

import pytest

from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.surroundings import Surroundings, check_surroundings

NO_CLOUD, DRIVE, WINDOWS = Layout.NO_CLOUD, Layout.CONFIG_DRIVE, Layout.WINDOWS


@pytest.mark.parametrize(
    ("layout", "around", "expected"),
    [
        (NO_CLOUD, Surroundings(), []),
        (NO_CLOUD, Surroundings(prism_customisation=True), ["two-seeds"]),
        (DRIVE, Surroundings(prism_customisation=True), ["two-seeds"]),
        (DRIVE, Surroundings(other_labels=("CIDATA", "tools")), ["two-seeds"]),
        (NO_CLOUD, Surroundings(data_sources=("ConfigDrive", "None")), ["data-source-pinned"]),
        (NO_CLOUD, Surroundings(data_sources=("NoCloud", "None")), ["data-source-fallback"]),
        (NO_CLOUD, Surroundings(data_sources=("NoCloud", "ConfigDrive", "None")), []),
        (DRIVE, Surroundings(data_sources=("ConfigDrive", "None")), []),
        (DRIVE, Surroundings(data_sources=("Azure",)), ["data-source-pinned"]),
        (DRIVE, Surroundings(cdrom_bus="sata"), ["cdrom-bus"]),
        (WINDOWS, Surroundings(cdrom_bus="sata", data_sources=("x",)), []),
        (WINDOWS, Surroundings(prism_customisation=True), ["two-answer-files"]),
        (WINDOWS, Surroundings(uefi=True, boot_order=("Disk", "CdRom")), ["uefi-boot-order"]),
        (WINDOWS, Surroundings(uefi=True, boot_order=("CdRom", "Disk")), []),
    ],
)
def test_each_trap_has_its_own_finding(layout: Layout, around: Surroundings, expected: list[str]) -> None:
    assert [finding.code for finding in check_surroundings(layout, around)] == expected


def test_a_pinned_image_is_told_which_layout_it_would_read() -> None:
    (finding,) = check_surroundings(NO_CLOUD, Surroundings(data_sources=("ConfigDrive",)))
    assert finding.advice == "Use layout configDrive."
