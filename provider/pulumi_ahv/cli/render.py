"""``ahv render``: what a payload becomes, without a cluster.

    ahv render templates/                                   the files, the digest and the findings of every member
    ahv render templates/ -s pool.yaml -m agent-003         of one member, with the settings of pool.yaml
    ahv render templates/ -s pool.yaml --against next.yaml  what another set of variables would change
    ahv render templates/ -s pool.yaml -m agent-003 --iso out/ --uuid …    writes its disc
    ahv render --stack export.json --pool agents            the members of a program's pool, as its stack has them

Secrets are masked unless ``--show-secrets`` is given; an exported stack holds them encrypted, so for a pool they stay
masked and the digest is another than in the stack. Exit code 1 when a finding is an error.
"""

from __future__ import annotations

import base64
import difflib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_ahv.cli.formats import Format

if TYPE_CHECKING:
    from pulumi_ahv.payload.limits import PrismSite
    from pulumi_ahv.payload.payload import RenderedPayload

# The key that marks a special value in Pulumi's state: here, the mapping that stands for a secret.
_ENVELOPE = "4dabf18193072939515e22adb298388d"
# Stands for a secret that the state keeps to itself. Not the mask: what masking does not change carries no secret.
_SEALED = "(sealed)"


def render(  # noqa: PLR0913, PLR0917 - typer reads options from parameters
    folder: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="The folder of templates.", show_default=False)
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", "-s", exists=True, help="Layout, variables and members (YAML or JSON).")
    ] = None,
    stack: Annotated[
        Path | None, typer.Option(exists=True, help="Instead of a folder: what `pulumi stack export` wrote.")
    ] = None,
    pool: Annotated[str, typer.Option(help="Name of the pool in the stack.")] = "",
    member: Annotated[str | None, typer.Option("--member", "-m", help="Only this member.")] = None,
    against: Annotated[
        Path | None, typer.Option(exists=True, help="Other settings: show what they would change.")
    ] = None,
    iso: Annotated[Path | None, typer.Option(help="Write the member's disc into this folder.")] = None,
    uuid: Annotated[str, typer.Option(help="UUID of the VM a written disc is for.")] = "",
    mac: Annotated[list[str] | None, typer.Option(help="MAC of the VM's interfaces, in order.")] = None,
    prism: Annotated[
        str, typer.Option(help="Whose limits decide: central or element, and AOS: central:7.3.")
    ] = "central",
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Do not mask secrets.")] = False,
    output: Annotated[Format, typer.Option("--format", "-f", help="text or json.")] = Format.TEXT,
) -> None:
    """Render and check a payload here: its files, digest and findings, member by member."""
    from pulumi_ahv.kernel.errors import AhvError

    try:
        rendered = _of_pool(stack, pool, member) if stack else _members(folder, settings, member)
        others = _members(folder, against, member) if against else None
        site = _site(prism)
        if iso:
            _write_discs(rendered, iso, uuid, mac or [])
    except AhvError as wrong:
        typer.echo(f"ahv render: {wrong}", err=True)
        raise typer.Exit(1) from None
    reports = [_report(each, site, show_secrets=show_secrets) for each in rendered]
    changes = _changes(rendered, others, show_secrets=show_secrets) if others is not None else None
    if output is Format.JSON:
        typer.echo(json.dumps({"members": reports} | ({"diff": changes} if changes is not None else {}), indent=2))
    elif changes is not None:
        typer.echo("".join(changes) or "Nothing changes.\n", nl=False)
    else:
        typer.echo("\n".join(line for report in reports for line in _lines(report)))
    found = [*reports, *(_report(each, site, show_secrets=False) for each in others or [])]
    if any(finding["severity"] == "error" for report in found for finding in report["findings"]):
        raise typer.Exit(1)


def _of_pool(stack: Path, pool: str, only: str | None) -> list[RenderedPayload]:
    from pydantic import ValidationError

    from pulumi_ahv.kernel.errors import InputError
    from pulumi_ahv.resources.pool.payloads import Payloads
    from pulumi_ahv.schema.pool import PoolInputs

    pools = {
        each["urn"].rpartition("::")[2]: each.get("inputs", {})
        for each in json.loads(stack.read_text())["deployment"].get("resources", [])
        if each.get("type", "").endswith(":Pool") and "ahv" in each["type"]
    }
    there = f"The stack has: {', '.join(pools) or 'none'}."
    if not pool and len(pools) == 1:
        (pool,) = pools
    if not pool:
        raise InputError("--pool", "is missing", advice=f"Name a pool. {there}")
    if pool not in pools:
        raise InputError("--pool", f"there is no {pool!r}", advice=there)
    inputs = _unsealed(pools[pool])
    if inputs.get("payload", {}).get("secrets") == _SEALED:
        advice = "Export the stack with --show-secrets; here, they stay masked all the same."
        raise InputError("payload.secrets", "even their names are encrypted in this export", advice=advice)
    known = {field.alias or name for name, field in PoolInputs.model_fields.items()}
    slots = {name: each["slot"] for name, each in inputs.get("members", {}).items()}
    members = {name: slot for name, slot in slots.items() if only in {None, name}}
    if only is not None and not members:
        raise InputError("--member", f"there is no {only!r}", advice=f"There are: {', '.join(slots)}.")
    try:
        told = {key: value for key, value in inputs.items() if key in known - {"members", "fallback"}}
        if isinstance(payload := told.get("payload"), dict):  # its template file is read anew
            told["payload"] = {key: value for key, value in payload.items() if key != "templateTexts"}
        payloads = Payloads(PoolInputs.model_validate(told))
    except ValidationError as wrong:
        said = f"its inputs in the stack are none of a pool: {wrong.errors()[0]['loc']}: {wrong.errors()[0]['msg']}"
        raise InputError(pool, said) from None
    rendered = [payloads.render(int(slot), name) for name, slot in members.items()]
    return [each for each in rendered if each is not None]


def _unsealed(value: Any) -> Any:
    """State without the envelopes of secrets: what an envelope holds is encrypted, or not ours to show.

    The names of secrets that an envelope holds together are told by an export with ``--show-secrets`` only.
    """
    if isinstance(value, dict) and _ENVELOPE in value:
        inner = json.loads(value.get("plaintext", "null"))
        return dict.fromkeys(inner, _SEALED) if isinstance(inner, dict) else _SEALED
    if isinstance(value, dict):
        return {key: _unsealed(inner) for key, inner in value.items()}
    return [_unsealed(inner) for inner in value] if isinstance(value, list) else value


def _members(folder: Path | None, settings: Path | None, only: str | None) -> list[RenderedPayload]:
    from pulumi_ahv.kernel.errors import InputError
    from pulumi_ahv.payload.folder import DiskFolder
    from pulumi_ahv.payload.payload import Payload, RenderedPayload
    from pulumi_ahv.payload.source import members_from, read_settings, spec_from

    if folder is None:
        raise InputError("FOLDER", "there is nothing to render", advice="Name a folder, or give --stack and --pool.")
    templates = DiskFolder(folder)
    said = read_settings(_document(settings))
    payload = Payload(spec_from(templates, said), templates, salt=str(folder.name))
    members = [member for member in members_from(said) if only in {None, member.name}]
    if not members:
        there = ", ".join(each.name for each in said.members)
        raise InputError("--member", f"there is no {only!r}", advice=f"There are: {there}.")
    rendered = [payload.render(member) for member in members]
    return [each for each in rendered if isinstance(each, RenderedPayload)]


def _document(path: Path | None) -> object:
    from pulumi_ahv.kernel.errors import ConfigError
    from pulumi_ahv.payload.cloudinit.yamltext import parse

    if path is None:
        return None
    document = parse(path.read_text())
    for problem in document.problems:
        if problem.fatal:
            raise ConfigError(f"{path}:{problem.line}:{problem.column}", said=problem.message)
    return document.data


def _site(text: str) -> PrismSite:
    from pulumi_ahv.kernel.errors import InputError
    from pulumi_ahv.payload.limits import PrismSite

    product, _, version = text.partition(":")
    if product not in {"central", "element"}:
        raise InputError("--prism", f"{text!r} is neither central nor element", advice="Write central:7.3, say.")
    return PrismSite(central=product == "central", aos_version=version)


def _write_discs(rendered: Sequence[RenderedPayload], target: Path, uuid: str, macs: list[str]) -> None:
    from pulumi_ahv.kernel.errors import InputError
    from pulumi_ahv.payload.spec import Identity

    if not uuid:
        said = "a disc is made for one VM: its instance id is the VM's UUID"
        raise InputError("--uuid", said, advice="Give the UUID that Prism shows for the VM.")
    if len(rendered) > 1:
        raise InputError("--iso", "one UUID makes one disc", advice="Choose the member with --member.")
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{rendered[0].member.name}.iso"
    path.write_bytes(rendered[0].disc(Identity(uuid, tuple(macs))))
    typer.echo(f"wrote {path}", err=True)


def _report(rendered: RenderedPayload, site: PrismSite, *, show_secrets: bool) -> dict[str, Any]:
    from pulumi_ahv.payload.layouts import Layout
    from pulumi_ahv.payload.limits import Delivery, choose
    from pulumi_ahv.payload.surroundings import WINDOWS_TEMPLATE_NOTE

    files = rendered.files() if show_secrets else rendered.shown()
    choice = choose(Delivery.AUTO, rendered.texts(), site)
    return {
        "name": rendered.member.name,
        "slot": rendered.member.slot,
        "label": rendered.label,
        "digest": rendered.digest,
        "carriesSecret": rendered.carries_secret,
        "delivery": {"auto": choice.delivery.value, "reason": choice.reason},
        "note": WINDOWS_TEMPLATE_NOTE if rendered.spec.layout is Layout.WINDOWS else "",
        "findings": [
            {
                "severity": finding.severity.value,
                "code": finding.code,
                "file": finding.file,
                "line": finding.line,
                "column": finding.column,
                "ofRenderedText": finding.rendered,
                "message": finding.message,
                "advice": finding.advice,
                "text": str(finding),
            }
            for finding in rendered.findings
        ],
        "files": {name: _text(content) for name, content in files.items()},
    }


def _text(content: bytes) -> str:
    """The content as text; what is no text goes as base64, and says so."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(content).decode()}"


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield f"member {report['name']}"
    yield f"  disc      {report['label']}"
    yield f"  digest    {report['digest'] or 'none: a template failed'}"
    yield f"  delivery  auto is {report['delivery']['auto']}: {report['delivery']['reason']}"
    if report["note"]:
        yield f"  note      {report['note']}"
    for finding in report["findings"]:
        yield f"  {finding['text']}"
    for name, text in report["files"].items():
        yield f"--- {name}"
        yield text.rstrip("\n")
    yield ""


def _changes(before: Sequence[RenderedPayload], after: Sequence[RenderedPayload], *, show_secrets: bool) -> list[str]:
    """A unified diff of all files of all members; above it, whose digest changes (masked secrets show only there)."""
    old, new = (_texts(side, show_secrets=show_secrets) for side in (before, after))
    was, will = ({each.member.name: each.digest for each in side} for side in (before, after))
    moved = [name for name in sorted({**was, **will}) if was.get(name) != will.get(name)]
    return [f"# {name}: digest {was.get(name, 'none')} -> {will.get(name, 'none')}\n" for name in moved] + [
        line if line.endswith("\n") else f"{line}\n"
        for name in sorted({**old, **new})
        for line in difflib.unified_diff(
            old.get(name, "").splitlines(keepends=True), new.get(name, "").splitlines(keepends=True), name, name
        )
    ]


def _texts(rendered: Sequence[RenderedPayload], *, show_secrets: bool) -> dict[str, str]:
    return {
        f"{each.member.name}/{name}": _text(content)
        for each in rendered
        for name, content in (each.files() if show_secrets else each.shown()).items()
    }
