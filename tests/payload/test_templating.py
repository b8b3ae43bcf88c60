"""Templates are strict, sandboxed, and give the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.payload.folder import TextFolder
from pulumi_ahv.payload.templating import Delimiters, Mode, Template, TemplateEngine

Render = Callable[..., str]


def test_the_last_line_end_is_kept(render: Render) -> None:
    assert render("a\n") == "a\n"


def test_windows_line_ends_stay_windows_line_ends(render: Render) -> None:
    assert render("a\r\nb {{ x }}\r\n", x=1) == "a\r\nb 1\r\n"


@settings(deadline=None)
@given(st.text())
def test_a_value_is_never_rendered_itself(render: Render, value: str) -> None:
    dangerous = "{{ secret }}" + value + "{% raw %}{#"
    assert render("{{ x }}", x=dangerous, secret="s") == dangerous


def test_an_undefined_name_is_named_with_its_place_and_what_is_defined(render: Render) -> None:
    with pytest.raises(PayloadError) as caught:
        render("one\ntwo {{ hostnam }}\n", hostname="a", slot=1)
    assert (caught.value.file, caught.value.line, caught.value.column) == ("main.j2", 2, 8)
    assert "'hostnam' is undefined" in caught.value.said
    assert caught.value.advice == "Defined are: hostname, slot."


@pytest.mark.parametrize("written", ["tokn | yaml", "[tokn] | yaml", "tokn | json", "[tokn] | json", "tokn | shell"])
def test_an_undefined_name_is_named_behind_a_filter_too(render: Render, written: str) -> None:
    with pytest.raises(PayloadError, match=r"'tokn' is undefined\. Defined are: token\."):
        render("{{ " + written + " }}", token="t")


def test_a_missing_key_is_named_with_the_keys_of_its_mapping(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"main\.j2:1:11: the mapping has no key 'ous'\. It has: name, ou\."):
        render("{{ domain.ous }}", domain={"name": "a", "ou": "b"})


def test_an_error_inside_an_include_is_placed_in_the_included_file(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"^inc\.j2:3:4: "):
        render("a\n{% include 'inc.j2' %}", {"inc.j2": "1\n2\n{{ nope }}"})


def test_an_error_inside_a_macro_is_placed_in_the_macro(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"^m\.j2:2: ZeroDivisionError"):
        render("{% from 'm.j2' import f %}\n\n{{ f(0) }}", {"m.j2": "{% macro f(x) %}\n{{ 1 / x }}{% endmacro %}"})


def test_a_syntax_error_tells_how_to_keep_jinja_away(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"main\.j2:2: .*raw"):
        render("#!/bin/sh\necho ${#array[@]} {{.Names}}\n")


def test_a_missing_include_lists_what_the_folder_holds(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"main\.j2:2: there is no template 'b'\. The template folder holds: a\."):
        render("\n{% include 'b' %}", {"a": ""})


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a\\..\\x"])
def test_no_template_reads_outside_its_folder(render: Render, name: str) -> None:
    with pytest.raises(PayloadError, match="leads out of the template folder"):
        render("{% include name %}", name=name)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ x.__class__ }}",
        "{{ x | attr('__class__') }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ ('{0.__class__}' | attr('format'))(x) }}",
        "{{ self.__init__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ items.append(1) }}",
        "{{ bag.update(a=1) }}",
        "{{ range(1000000) }}",
        "{{ self._TemplateReference__context }}",
        "{{ x['__class__'] }}",
    ],
)
def test_no_template_reaches_attributes_outside_its_variables(render: Render, attack: str) -> None:
    with pytest.raises(PayloadError):
        render(attack, x="text", items=[1], bag={"a": 0})


@settings(deadline=None)
@given(st.from_regex(r"_[a-z_]{1,12}", fullmatch=True))
def test_no_underscored_attribute_of_any_value_can_be_read(render: Render, attribute: str) -> None:
    for value in ("text", [1], {"a": 1}, 3, None):
        with pytest.raises(PayloadError):
            render("{{ x." + attribute + " }}", x=value)


@pytest.mark.parametrize("call", ["{{ [1, 2, 3] | random }}", "{{ lipsum() }}"])
def test_nothing_random_is_to_be_had(render: Render, call: str) -> None:
    with pytest.raises(PayloadError):
        render(call)


def test_a_template_that_grows_without_end_is_stopped(render: Render) -> None:
    with pytest.raises(PayloadError, match="renders to more than"):
        render("{% for i in range(99999) %}{{ x }}{% endfor %}", x="a" * 1000)


def test_a_text_for_the_guests_own_jinja_is_passed_through(render: Render) -> None:
    text = "## template: jinja\n#cloud-config\nhostname: {{ v1.instance_id }}\n"
    assert render(text) == text


def test_a_text_for_the_guest_is_rendered_when_asked_for() -> None:
    template = Template("a", "## template: jinja\n[[ x ]] {{ v1.name }}", Mode.JINJA, Delimiters(variable=("[[", "]]")))
    assert TemplateEngine(TextFolder()).render(template, {"x": 1}).text == "## template: jinja\n1 {{ v1.name }}"


def test_a_verbatim_text_is_not_touched() -> None:
    template = Template("a", "awk '{{print $1}}' {# {%", Mode.VERBATIM)
    assert TemplateEngine(TextFolder()).render(template, {}).text == template.text


def test_an_unknown_filter_is_told_which_quoting_filters_there_are(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"main\.j2:2: No filter named 'shel'.*yaml, json, xml, shell, powershell"):
        render("\n{{ x | shel }}", x=1)


def test_an_index_beyond_a_list_is_told_without_guessing(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"main\.j2:1:\d+: list object has no element 5$"):
        render("{{ x[5] }}", x=[1])


def test_a_source_of_more_than_a_mebibyte_is_refused(render: Render) -> None:
    with pytest.raises(PayloadError, match="at most 1048576 characters"):
        render("x" * (1024 * 1024 + 1))


def test_xml_templates_escape_by_themselves_and_only_once(render: Render) -> None:
    assert render('<a b="{{ x }}">{{ x | xml }}</a>', xml=True, x="<&\t") == '<a b="&lt;&amp;&#9;">&lt;&amp;&#9;</a>'


def test_a_character_xml_cannot_carry_is_an_error_with_its_line(render: Render) -> None:
    with pytest.raises(PayloadError, match=r"main\.j2:2: XML cannot carry the character U\+0001"):
        render("<a>\n{{ x }}</a>", xml=True, x="\x01")
