"""Any text in any variable reaches the program on the other side unchanged."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from pulumi_ahv.payload.quoting import json_value, powershell_text, shell_word, xml_text, yaml_value

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    [
        "yes",
        "0123",
        "12:30:00",
        "null",
        "~",
        "",
        "2026-01-01",
        "a #c",
        "@x",
        "*",
        "!tag",
        "%",
        "`",
        "- x",
        "{",
        "a\r\nb",
        "\U0001f600",
        "\x85",
        "\ufeff",
    ]
)
NO_NUL = ANY_TEXT.filter(lambda text: "\0" not in text)
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff")
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(ANY_TEXT)
def test_any_text_survives_yaml(text: str) -> None:
    assert yaml.safe_load(f"key: {yaml_value(text)}\nnext: 1\n") == {"key": text, "next": 1}


@given(PLAIN)
def test_any_plain_data_survives_yaml_with_its_types(value: object) -> None:
    assert yaml.safe_load(f"key: {yaml_value(value)}\n") == {"key": value}


def test_a_key_longer_than_yaml_allows_for_simple_keys_survives() -> None:
    value = {"k" * 5000: 1}
    assert yaml.safe_load(yaml_value(value)) == value


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1e300, 1e16, 5e-324])
def test_floats_that_json_writes_without_a_point_stay_floats_in_yaml(value: float) -> None:
    assert yaml.safe_load(yaml_value(value)) == value


@given(PLAIN.filter(lambda value: "inf" not in repr(value).lower()))
def test_any_plain_data_survives_json(value: object) -> None:
    assert json.loads(json_value(value)) == value


@given(XML_TEXT, st.sampled_from(["", "\t", "\n", "\r", "\r\n", " \t "]))
def test_any_text_survives_xml_as_text_and_as_attribute(text: str, white: str) -> None:
    value = text + white + text
    element = etree.fromstring(f'<a b="{xml_text(value)}">{xml_text(value)}</a>'.encode())
    assert element.get("b") == value
    assert (element.text or "") == value


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_a_character_that_xml_cannot_carry_is_refused_by_its_number(character: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(character):04X}"):
        xml_text(f"a{character}b")


def printed_by_sh(words: str) -> list[str]:
    script = f'for word in {words}; do printf "%s\\0" "$word"; done'
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@settings(deadline=None, max_examples=60)
@given(st.lists(NO_NUL, min_size=1, max_size=20))
def test_any_text_survives_a_real_shell(texts: list[str]) -> None:
    assert printed_by_sh(" ".join(shell_word(text) for text in texts)) == texts


def test_a_list_becomes_several_shell_words() -> None:
    assert printed_by_sh(shell_word(["a b", "$HOME", 3])) == ["a b", "$HOME", "3"]


@given(NO_NUL)
def test_any_text_survives_powershell(powershell: Callable[[str], str], text: str) -> None:
    assert powershell(powershell_text(text)) == text


def test_typographic_quotes_do_not_end_a_powershell_string(powershell: Callable[[str], str]) -> None:
    text = "\u2019; Remove-Item C:\\ -Recurse; \u2018"
    assert powershell(powershell_text(text)) == text


@pytest.mark.parametrize("quote", [shell_word, powershell_text])
def test_nul_is_refused_where_it_cannot_be_carried(quote: Callable[[object], str]) -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")


@pytest.mark.parametrize("value", [None, True, {"a": 1}])
@pytest.mark.parametrize("quote", [shell_word, powershell_text])
def test_what_is_no_text_is_no_word(quote: Callable[[object], str], value: object) -> None:
    with pytest.raises(TypeError):
        quote(value)


@given(st.characters(categories=["Cs"]))
@pytest.mark.parametrize("quote", [yaml_value, json_value, xml_text, shell_word, powershell_text])
def test_half_a_surrogate_pair_is_refused(quote: Callable[[object], str], half: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the five messages differ
        quote(f"a{half}")


@settings(deadline=None)
@given(ANY_TEXT)
def test_a_rendered_template_carries_the_value_through_yaml_json_and_xml(render: Callable[..., str], text: str) -> None:
    assume(all(ord(character) >= 32 or character in "\t\n\r" for character in text))
    assume("\ufffe" not in text and "\uffff" not in text)
    assert yaml.safe_load(render("a: {{ x | yaml }}", x=text)) == {"a": text}
    assert json.loads(render("{{ x | json }}", x=text)) == text
    assert (etree.fromstring(render("<a>{{ x }}</a>", xml=True, x=text).encode()).text or "") == text
