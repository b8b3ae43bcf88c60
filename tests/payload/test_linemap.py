"""Rendered lines find the template line they came from."""

from __future__ import annotations

from pulumi_ahv.payload.folder import TextFolder
from pulumi_ahv.payload.templating import Template, TemplateEngine


def origins(text: str, files: dict[str, str] | None = None, **variables: object) -> dict[str, tuple[str, int] | None]:
    rendered = TemplateEngine(TextFolder(files)).render(Template("main", text), variables)
    lines = rendered.locate()
    return {
        line.strip(): lines.origin(number) for number, line in enumerate(rendered.text.split("\n"), 1) if line.strip()
    }


def test_lines_below_blocks_comments_and_stripped_white_space_are_found() -> None:
    text = "a\n{% if true -%}\n\n\n  b: {{ x }}\n{% endif %}\n{# one\n two #}\nc\n{%- for i in [1] %}\n  d\n{%- endfor %}\n"
    assert origins(text, x=1) == {"a": ("main", 1), "b: 1": ("main", 5), "c": ("main", 9), "d": ("main", 11)}


def test_lines_of_includes_and_macros_are_found_in_their_files() -> None:
    files = {"inc": "i1\ni2 {{ x }}\n", "mac": "{% macro f() %}\nm\n{% endmacro %}"}
    text = "{% include 'inc' %}\n{% from 'mac' import f %}\n{{ f() }}\nend\n"
    assert origins(text, files, x=1) == {
        "i1": ("inc", 1),
        "i2 1": ("inc", 2),
        "m": ("mac", 2),
        "end": ("main", 4),
    }


def test_every_line_of_a_value_of_several_lines_points_to_its_expression() -> None:
    assert origins("a\n{{ x }}\nb", x="1\n2") == {
        "a": ("main", 1),
        "1": ("main", 2),
        "2": ("main", 2),
        "b": ("main", 3),
    }


def test_no_line_is_guessed_when_a_filter_has_touched_the_text() -> None:
    assert origins("{% filter length %}\nabc\n{% endfilter %}") == {"5": None}


def test_no_line_is_guessed_when_the_marks_stand_in_a_value() -> None:
    assert origins("{{ x }}", x="\ue0f0") == {"\ue0f0": None}
