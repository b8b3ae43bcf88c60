"""``delivery: auto`` takes Prism's own customisation where that can carry the payload, and says why."""

from __future__ import annotations

import base64

import pytest

from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.limits import Delivery, PrismSite, Texts, choose, limits_of

CENTRAL, OLD, ELEMENT = PrismSite(True, "7.3"), PrismSite(True, "6.10.1"), PrismSite(False, "6.5")
CLOUD = b"#cloud-config\n"


def drive(user_data: bytes = CLOUD, **more: bool) -> Texts:
    return Texts(Layout.CONFIG_DRIVE, user_data=user_data, meta_data=b"{}", **more)


def test_what_fits_and_carries_no_secret_goes_by_prism() -> None:
    choice = choose(Delivery.AUTO, drive(), CENTRAL)
    assert choice.delivery is Delivery.PRISM
    assert "fits" in choice.reason


@pytest.mark.parametrize(
    ("texts", "site", "reason"),
    [
        (drive(carries_secret=True), CENTRAL, "carries a secret"),
        (drive(CLOUD + b"#" * 96_000), CENTRAL, "user data has 96014 bytes, Prism Central takes 96000"),
        (drive(), ELEMENT, "leave its own disc in the drive"),
        (drive(b"#!/bin/sh\n"), CENTRAL, "begins with #cloud-config"),
        (drive(b"#!/bin/sh\n"), PrismSite(True), "begins with #cloud-config"),
        (drive(has_network=True), CENTRAL, "no network configuration"),
        (drive(has_vendor_data=True), CENTRAL, "no vendor data"),
        (drive(has_extra_files=True), CENTRAL, "no further files"),
        (Texts(Layout.NO_CLOUD, user_data=CLOUD), CENTRAL, "not NoCloud"),
        (Texts(Layout.WINDOWS, answer_file=b"x" * 24_001), CENTRAL, "the answer file has 24001 bytes"),
    ],
)
def test_what_prism_cannot_or_must_not_carry_goes_on_a_disc_and_says_why(
    texts: Texts, site: PrismSite, reason: str
) -> None:
    choice = choose(Delivery.AUTO, texts, site)
    assert choice.delivery is Delivery.CDROM
    assert reason in choice.reason


def test_before_aos_7_3_a_script_goes_by_prism() -> None:
    assert choose(Delivery.AUTO, drive(b"#!/bin/sh\n"), OLD).delivery is Delivery.PRISM


def test_prism_that_was_asked_for_and_cannot_is_an_error_with_every_reason() -> None:
    with pytest.raises(ValueError, match="no vendor data; Prism takes no further files"):
        choose(Delivery.PRISM, drive(has_vendor_data=True, has_extra_files=True), CENTRAL)


NAMED = CLOUD + b"hostname: agent\n"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (drive(NAMED + b"#" * 40_000), "Prism Element takes 32768"),
        (drive(NAMED, has_meta_data=True), "Prism Element writes the meta-data itself"),
        (drive(NAMED, needs_macs=True), "before it has the MACs"),
        (drive(), "set hostname or fqdn in it"),
    ],
)
def test_what_an_element_cannot_carry_when_it_makes_a_machine_is_an_error(texts: Texts, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        choose(Delivery.PRISM, texts, ELEMENT)


def test_an_element_carries_what_it_is_asked_to() -> None:
    assert choose(Delivery.PRISM, drive(NAMED), ELEMENT).delivery is Delivery.PRISM
    assert choose(Delivery.PRISM, drive(b"#!/bin/sh\n"), ELEMENT).delivery is Delivery.PRISM


def test_a_secret_by_prism_is_allowed_when_asked_for() -> None:
    assert choose(Delivery.PRISM, drive(carries_secret=True), CENTRAL).delivery is Delivery.PRISM


def test_the_limits_are_those_of_the_encoded_text() -> None:
    limits = limits_of(CENTRAL)
    assert len(base64.b64encode(b"x" * limits.user_data)) == 128_000
    assert len(base64.b64encode(b"x" * (limits.user_data + 1))) > 128_000
