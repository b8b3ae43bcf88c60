"""Oracles and small makers that the tests of the payload share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pulumi_ahv.payload.folder import TextFolder
from pulumi_ahv.payload.templating import Template, TemplateEngine

QUOTES = "'\u2018\u2019\u201a\u201b"


def read_powershell_literal(source: str) -> str:
    """Read one single-quoted literal as PowerShell's tokenizer does (about_Quoting_Rules); anything after it is an error."""
    assert source[0] in QUOTES
    content, position = [], 1
    while True:
        character = source[position]
        if character in QUOTES:
            if position + 1 == len(source):
                return "".join(content)
            assert source[position + 1] in QUOTES, f"the literal ends early, before {source[position + 1 :]!r}"
            position += 1
        content.append(source[position])
        position += 1


@pytest.fixture(scope="session")
def powershell() -> Callable[[str], str]:
    return read_powershell_literal


@pytest.fixture(scope="session")
def render() -> Callable[..., str]:
    def run(text: str, files: dict[str, str] | None = None, *, xml: bool = False, **variables: object) -> str:
        return TemplateEngine(TextFolder(files)).render(Template("main.j2", text), variables, xml=xml).text

    return run
