"""What is wrong with the payloads of members, told once for all members that have it, at the property it comes from."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.payload.findings import Finding, Severity
from pulumi_ahv.resources.payload_inputs import path_in_payload, place_in
from pulumi_ahv.schema.pool import PoolInputs
from pulumi_ahv.schema.validate import property_path

_NAMED = 3
_OF_NAMES = ("computer-name", "host-name")


def complaints(
    told: PoolInputs, found: Mapping[tuple[int, str], Iterable[Finding]], files: Container[str] = ()
) -> tuple[list[InputError], list[str]]:
    """Errors, and lines that are worth a warning, of all findings of members by slot and name.

    Findings that differ in nothing but the name of their member are one. ``files`` are the names of template files: any
    other place is a property.
    """
    first: dict[tuple[str, ...], tuple[Finding, int, str]] = {}
    names: dict[tuple[str, ...], list[str]] = {}
    for (slot, name), findings in found.items():
        for finding in findings:
            key = tuple(part.replace(name, "{name}") for part in (finding.code, finding.place, finding.message))
            first.setdefault(key, (finding, slot, name))
            names.setdefault(key, []).append(name)
    errors: list[InputError] = []
    warnings: list[str] = []
    for key, (finding, slot, name) in first.items():
        path = _of_member(told, finding, slot, name) or path_in_payload(finding, files)
        said = f"{place_in(finding, path)}{finding.message} ({_who(names[key], len(found))})"
        if finding.severity is Severity.ERROR:
            errors.append(InputError(path, said, advice=finding.advice))
        else:
            warnings.append(f"{path}: {said}")
    return errors, warnings


def _of_member(told: PoolInputs, finding: Finding, slot: int, name: str) -> str:
    """The property that is about the member, not about its payload; empty for any other."""
    file = finding.file
    if file == f"member {name}":
        return "naming.pattern" if finding.code in _OF_NAMES else f"addresses[{slot}]"
    if file == "memberVariables":
        given = told.member_variables or {}
        return property_path((file, name if name in given or str(slot) not in given else str(slot)))
    return ""


def _who(names: list[str], size: int) -> str:
    if len(names) == size and size > 1:
        return f"all {size} members"
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
