"""What went wrong in a template, as file, line, column and what would have been right.

Jinja's exceptions know a line at best. Undefined names carry their name and owner here (:class:`StrictNames`), so that
the message can list what is defined; run-time failures take file and line from the traceback, whose template frames
Jinja has already given the template's own numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import jinja2
from jinja2.utils import missing

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.payload.quoting import FILTERS


class UndefinedName(jinja2.UndefinedError):
    """A name or key that is not there."""

    def __init__(self, name: str, owner: object, said: str) -> None:
        self.name, self.owner = name, owner
        super().__init__(said)


class StrictNames(jinja2.StrictUndefined):
    """StrictUndefined whose error remembers what was asked for."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: object = missing,
        name: str | None = None,
        exc: type[jinja2.TemplateRuntimeError] = jinja2.UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if exc is jinja2.UndefinedError and name is not None:
            self._undefined_exception = _remembering(str(name), obj)


def explain(
    failure: Exception, template: str, environment: jinja2.Environment, variables: Mapping[str, object]
) -> PayloadError:
    """Turn whatever rendering raised into an error for the template's author."""
    if isinstance(failure, PayloadError):
        return failure
    if isinstance(failure, jinja2.TemplateSyntaxError):
        return _syntax(failure, template)
    file, line = _place(failure, template)
    if isinstance(failure, jinja2.TemplateNotFound):
        there = ", ".join(environment.list_templates()) or "nothing"
        said = f"there is no template {failure.name!r}"
        return PayloadError(said, file=file, line=line, advice=f"The template folder holds: {there}.")
    if isinstance(failure, UndefinedName):
        column = _column(_source_line(environment, file, line), failure.name)
        advice = _what_is_defined(failure, variables)
        return PayloadError(_undefined(failure), file=file, line=line, column=column, advice=advice)
    plain = isinstance(failure, jinja2.TemplateError | ValueError)
    said = str(failure) if plain else f"{type(failure).__name__}: {failure}"
    return PayloadError(said, file=file, line=line)


def _remembering(name: str, owner: object) -> type[jinja2.TemplateRuntimeError]:
    class Named(UndefinedName):
        def __init__(self, said: str) -> None:
            super().__init__(name, owner, said)

    return Named


def _syntax(wrong: jinja2.TemplateSyntaxError, template: str) -> PayloadError:
    said = wrong.message or "syntax error"
    if isinstance(wrong, jinja2.TemplateAssertionError):
        advice = f"Filters for quoting are: {', '.join(FILTERS)}." if "filter" in said else ""
    else:
        advice = "Text that is not meant for Jinja goes between {% raw %} and {% endraw %}."
    return PayloadError(said, file=wrong.name or template, line=wrong.lineno, advice=advice)


def _undefined(failure: UndefinedName) -> str:
    if failure.owner is missing:
        return f"{failure.name!r} is undefined"
    if isinstance(failure.owner, Mapping):
        return f"the mapping has no key {failure.name!r}"
    return str(failure)


def _what_is_defined(failure: UndefinedName, variables: Mapping[str, object]) -> str:
    if failure.owner is missing:
        return f"Defined are: {', '.join(sorted(variables))}."
    if isinstance(failure.owner, Mapping):
        return f"It has: {', '.join(str(key) for key in failure.owner)}."
    return ""


def _place(failure: BaseException, template: str) -> tuple[str, int]:
    place, step = (template, 0), failure.__traceback__
    while step:
        if "__jinja_exception__" in step.tb_frame.f_globals:
            place = (step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    return place


def _source_line(environment: jinja2.Environment, name: str, line: int) -> str:
    if environment.loader is None:
        return ""
    lines = environment.loader.get_source(environment, name)[0].split("\n")
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _column(line: str, name: str) -> int:
    found = re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", line)
    return found.start() + 1 if found else 0
