"""Formats of user-data are told apart as cloud-init does, and parts survive being joined."""

from __future__ import annotations

import gzip
from email import message_from_string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.payload.cloudinit.formats import Format, Part, format_of, multipart, packed


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("#!/bin/sh\n", Format.SCRIPT),
        ("\n  #Cloud-Config\n", Format.CLOUD_CONFIG),
        ("#cloud-config-archive\n", Format.ARCHIVE),
        ("#cloud-config-jsonp\n", Format.PATCH),
        ("#include\nhttps://x", Format.INCLUDE),
        ("#include-once\n", Format.INCLUDE_ONCE),
        ("#cloud-boothook\n", Format.BOOTHOOK),
        ("#part-handler\n", Format.PART_HANDLER),
        ("## template: jinja\n#cloud-config\n", Format.GUEST_JINJA),
        ("Content-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n", Format.MULTIPART),
        ("", Format.EMPTY),
        ("hello", Format.UNKNOWN),
        ("x" * 5000 + "mime-version: 1", Format.UNKNOWN),
    ],
)
def test_the_first_characters_tell_the_format(text: str, kind: Format) -> None:
    assert format_of(text) is kind


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_text_survives_as_a_part(texts: list[str]) -> None:
    message = message_from_string(
        multipart([Part(text, f"p{number}", "text/plain") for number, text in enumerate(texts)])
    )
    parts = message.get_payload()
    assert isinstance(parts, list)
    assert [part.get_payload(decode=True).decode() for part in parts] == texts
    assert [part.get_filename() for part in parts] == [f"p{number}" for number in range(len(texts))]


def test_plain_parts_stay_readable_and_types_are_told_from_the_text() -> None:
    joined = multipart([Part("#!/bin/sh\nls\n", "a.sh"), Part("#cloud-config\n# \u00fc\n", "b")])
    assert "\n#!/bin/sh\nls\n" in joined
    message = message_from_string(joined)
    assert [part.get_content_type() for part in message.walk()][1:] == ["text/x-shellscript", "text/cloud-config"]


def test_the_same_parts_give_the_same_bytes_and_others_another_boundary() -> None:
    one, two = Part("#!a", "a"), Part("#!b", "b")
    assert multipart([one, two]) == multipart([one, two])
    assert multipart([one]).split("\n")[0] != multipart([two]).split("\n")[0]


def test_a_file_name_cannot_break_out_of_its_header() -> None:
    assert 'filename="a__X-Evil__1_"' in multipart([Part("#!", 'a"\nX-Evil: 1"')])


def test_packing_is_gzip_without_a_time() -> None:
    assert gzip.decompress(packed(b"abc")) == b"abc"
    assert packed(b"abc")[4:8] == b"\0\0\0\0"
