"""Each trap of a layout has a message of its own."""

from __future__ import annotations

import pytest

from pulumi_ahv.payload.layouts import check_disc, keys_given_twice

SEED = {"user-data": b"", "meta-data": b"instance-id: x\n"}
META = "openstack/latest/meta_data.json"


def codes(label: str, files: dict[str, bytes]) -> list[str]:
    return [finding.code for finding in check_disc(label, files)]


@pytest.mark.parametrize("label", ["CiData", "Cidata", "Config-2"])
def test_a_label_of_mixed_case_is_refused(label: str) -> None:
    assert codes(label, SEED) == ["label-case"]


@pytest.mark.parametrize("label", ["cidata", "CIDATA"])
def test_a_complete_seed_passes(label: str) -> None:
    assert codes(label, SEED) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"meta-data": SEED["meta-data"]}, ["seed-incomplete"]),
        ({"user-data": b""}, ["seed-incomplete"]),
        ({**SEED, "meta-data": b""}, ["instance-id-missing"]),
        ({**SEED, "meta-data": b"local-hostname: x"}, ["instance-id-missing"]),
        ({**SEED, "meta-data": b"instance-id: x\nnetwork-interfaces: y"}, ["network-interfaces"]),
        ({**SEED, "meta-data": b"instance-id: x\nseedfrom: http://y"}, ["seedfrom"]),
        ({**SEED, "meta-data": b"instance-id: x\ndsmode: locl"}, ["dsmode"]),
        ({**SEED, "meta-data": b"instance-id: x\ndsmode: disabled"}, ["dsmode"]),
        ({**SEED, "meta-data": b"instance-id: x\ndsmode: net"}, []),
    ],
)
def test_traps_of_a_nocloud_disc(files: dict[str, bytes], expected: list[str]) -> None:
    assert codes("cidata", files) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({META: b'{"uuid": "x"}'}, []),
        ({}, ["seed-incomplete"]),
        ({META: b"uuid: x"}, ["meta-data-not-json"]),
        ({META: b'"{\\"uuid\\": \\"x\\"}"'}, ["meta-data-encoded-twice"]),
        ({META: b"[]"}, ["meta-data-not-json"]),
        ({META: b'{"hostname": "x"}'}, ["instance-id-missing"]),
        ({META: b'{"uuid": "x", "meta": {"dsmode": "x"}}'}, ["dsmode"]),
    ],
)
def test_traps_of_a_config_drive(files: dict[str, bytes], expected: list[str]) -> None:
    assert codes("config-2", files) == expected


def test_windows_wants_both_names() -> None:
    assert codes("x", {"Unattend.xml": b"", "autounattend.xml": b""}) == []
    assert codes("x", {"unattend.xml": b""}) == ["answer-file-name"]


def test_a_label_nobody_looks_at_is_refused() -> None:
    assert codes("seed", SEED) == ["label-unknown"]


def test_keys_that_stand_in_user_and_vendor_data_are_found() -> None:
    assert keys_given_twice("runcmd: [a]\nhostname: x", "runcmd: [b]\npackages: []") == ["runcmd"]
    assert keys_given_twice("#!/bin/sh\nls", "runcmd: [b]") == []
