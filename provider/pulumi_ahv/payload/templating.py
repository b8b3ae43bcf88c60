"""Rendering of the user's Jinja templates: sandboxed, strict, the same bytes for the same input.

Settings and their reasons (facts from measurements of Jinja 3.1.6): undefined names are errors; the last line end is
kept; CRLF files stay CRLF; values are never rendered themselves; XML templates escape by themselves, with our
escaping, which keeps tabs and line ends and refuses what XML cannot carry. ``random`` and ``lipsum`` are taken out:
they would give other bytes each time. A text that begins with ``## template: jinja`` is rendered by cloud-init inside
the guest and passed through here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.payload.folder import MAX_TEMPLATE_BYTES, TemplateFolder
from pulumi_ahv.payload.linemap import CLOSE, OPEN, LineMap, LineMarks, read_marks
from pulumi_ahv.payload.quoting import FILTERS, xml_text
from pulumi_ahv.payload.template_errors import StrictNames, explain

GUEST_JINJA = re.compile(r"\A## *template: *jinja[ \t]*$", re.MULTILINE | re.IGNORECASE)
MAX_RENDERED_CHARACTERS = 16 * 1024 * 1024


class Mode(StrEnum):
    """Whether a text is a template. ``auto``: yes, unless the guest is to render it."""

    AUTO = "auto"
    JINJA = "jinja"
    VERBATIM = "verbatim"


@dataclass(frozen=True)
class Delimiters:
    """The brackets of Jinja, for texts that are full of ``{{`` or ``{#`` themselves (Go templates, bash arrays)."""

    block: tuple[str, str] = ("{%", "%}")
    variable: tuple[str, str] = ("{{", "}}")
    comment: tuple[str, str] = ("{#", "#}")


@dataclass(frozen=True)
class Template:
    """One text of the user's.

    ``name`` is what messages call it: its path in the template folder, or the name of the property it stands in.
    """

    name: str
    text: str
    mode: Mode = Mode.AUTO
    delimiters: Delimiters = field(default_factory=Delimiters)

    @property
    def is_rendered(self) -> bool:
        """Whether rendering changes it at all."""
        return self.mode is Mode.JINJA or (self.mode is Mode.AUTO and not GUEST_JINJA.match(self.text))


@dataclass(frozen=True)
class Rendered:
    """A rendered text. ``locate`` finds the lines of the template again; it renders once more and is called rarely."""

    template: Template
    text: str
    locate: Callable[[], LineMap]


class TemplateEngine:
    """Renders templates of one folder; each is compiled once, however many members it is rendered for."""

    def __init__(self, folder: TemplateFolder) -> None:
        self.folder = folder
        self._environments: dict[tuple[Template, bool, bool], jinja2.Environment] = {}

    def render(self, template: Template, variables: Mapping[str, object], *, xml: bool = False) -> Rendered:
        """Render one template with plain variables.

        Raises:
            PayloadError: with file, line and, for names, column.
        """
        if len(template.text) > MAX_TEMPLATE_BYTES:
            raise PayloadError(f"a template has at most {MAX_TEMPLATE_BYTES} characters", file=template.name)
        if not template.is_rendered:
            identity = LineMap(tuple((template.name, number + 1) for number in range(template.text.count("\n") + 1)))
            return Rendered(template, template.text, lambda: identity)
        text = _run(self._environment(template, xml=xml), template, variables)
        return Rendered(template, text, lambda: self._map_lines(template, variables, text=text, xml=xml))

    def _environment(self, template: Template, *, xml: bool, marks: bool = False) -> jinja2.Environment:
        key = (template, xml, marks)
        if key not in self._environments:
            self._environments[key] = _new_environment(template, self.folder, xml=xml, marks=marks)
        return self._environments[key]

    def _map_lines(self, template: Template, variables: Mapping[str, object], *, text: str, xml: bool) -> LineMap:
        if OPEN in text or CLOSE in text:
            return LineMap()
        environment = self._environment(template, xml=xml, marks=True)
        try:
            return read_marks(_run(environment, template, variables), text, LineMarks.files_of(environment))
        except PayloadError:
            return LineMap()  # a test on the length of a macro's text, say, went the other way with marks in it


def _run(environment: jinja2.Environment, template: Template, variables: Mapping[str, object]) -> str:
    pieces: list[str] = []
    room = MAX_RENDERED_CHARACTERS
    try:
        for piece in environment.get_template(template.name).generate(variables):
            pieces.append(str(piece))  # {% filter length %} yields a number
            room -= len(pieces[-1])
            if room < 0:
                break
    except Exception as failure:  # noqa: BLE001 - filters and operators of a template raise whatever they like
        raise explain(failure, template.name, environment, variables) from None
    if room < 0:
        raise PayloadError(f"renders to more than {MAX_RENDERED_CHARACTERS} characters", file=template.name)
    return "".join(pieces)


class _FolderLoader(jinja2.BaseLoader):
    """Answers with the template that is being rendered, under its name, and with files of the folder."""

    def __init__(self, template: Template, folder: TemplateFolder) -> None:
        self._template, self._folder = template, folder

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The text by name; Jinja puts the file name, here the same, into tracebacks."""
        del environment
        text = self._template.text if template == self._template.name else self._folder.read(template)
        if text is None:
            raise jinja2.TemplateNotFound(template)
        return text, template, lambda: True

    def list_templates(self) -> list[str]:
        """What an include could name."""
        return self._folder.names()


def _xml_output(value: object) -> Markup:
    return value if isinstance(value, Markup) else xml_text(value)


def _new_environment(template: Template, folder: TemplateFolder, *, xml: bool, marks: bool) -> jinja2.Environment:
    brackets = template.delimiters
    environment = ImmutableSandboxedEnvironment(
        block_start_string=brackets.block[0],
        block_end_string=brackets.block[1],
        variable_start_string=brackets.variable[0],
        variable_end_string=brackets.variable[1],
        comment_start_string=brackets.comment[0],
        comment_end_string=brackets.comment[1],
        newline_sequence="\r\n" if "\r\n" in template.text else "\n",
        keep_trailing_newline=True,
        undefined=StrictNames,
        autoescape=xml,
        finalize=_xml_output if xml else None,
        loader=_FolderLoader(template, folder),
        extensions=[LineMarks] if marks else [],
    )
    environment.filters.update(FILTERS)
    del environment.filters["random"], environment.globals["lipsum"]
    return environment
