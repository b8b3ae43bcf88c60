"""The payloads of a pool: what its inputs say, made ready to be rendered for every slot."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from pulumi_ahv.kernel.errors import InputError, PayloadError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.findings import Severity
from pulumi_ahv.payload.folder import DiskFolder, TemplateFolder, TextFolder
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import Payload, RenderedPayload
from pulumi_ahv.payload.spec import PayloadSpec
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import Member
from pulumi_ahv.resources.pool.marks import DIGEST_DIGITS
from pulumi_ahv.schema.pool import PoolInputs, PoolPayload


class Payloads:
    """Renders the payload of a pool for its slots.

    Raises:
        InputError: the template file cannot be read.
    """

    def __init__(self, told: PoolInputs) -> None:
        self._told = told
        self.given = told.payload
        self._payload: Payload | None = None
        if told.payload:
            self._payload = payload_of(told.payload, salt=told.owner)

    def digest(self, slot: int, name: str) -> str:
        """Digest of the payload of a slot; empty where there is none."""
        rendered = self.render(slot, name)
        return rendered.digest[:DIGEST_DIGITS] if rendered else ""

    def render(self, slot: int, name: str) -> RenderedPayload | None:
        """The payload of a slot; ``None`` where the pool has none.

        Raises:
            PayloadError: it cannot be delivered.
        """
        rendered = self._rendered(slot, name)
        if rendered is not None:
            for finding in rendered.findings:
                if finding.severity is Severity.ERROR:
                    raise PayloadError(
                        finding.message,
                        file=f"member {name}, {finding.file}",
                        line=finding.line,
                        column=finding.column,
                        advice=finding.advice,
                    )
        return rendered

    def wrong(self, names: dict[int, str]) -> tuple[list[InputError], list[str]]:
        """Everything that forbids delivery to some of these slots, each thing once, and everything worth a warning."""
        errors: dict[str, InputError] = {}
        warnings: dict[str, None] = {}
        for slot, name in names.items():
            rendered = self._rendered(slot, name)
            for finding in rendered.findings if rendered else ():
                said = f"{finding.place}: {finding.message}"
                if finding.severity is Severity.ERROR:
                    errors.setdefault(said, InputError("payload", f"{name}: {said}", advice=finding.advice))
                else:
                    warnings.setdefault(said)
        return list(errors.values()), list(warnings)

    def _rendered(self, slot: int, name: str) -> RenderedPayload | None:
        if self._payload is None:
            return None
        told = self._told.member_variables or {}
        variables = {**told.get(str(slot), {}), **told.get(name, {})}
        rendered = self._payload.render(Member(name, slot, variables=variables))
        if not isinstance(rendered, RenderedPayload):
            raise TypeError("check lets nothing through that is not known")
        return rendered


def payload_of(given: PoolPayload, *, salt: str) -> Payload:
    """A payload as inputs give it, ready to be rendered.

    Raises:
        InputError: the template file cannot be read.
    """
    template, folder = _template(given)
    return Payload(_spec(given, template), folder, salt=salt)


def _spec(payload: PoolPayload, template: Template) -> PayloadSpec:
    variables: dict[str, Any] = {
        **(payload.variables or {}),
        **{name: Secret(value) for name, value in (payload.secrets or {}).items()},
    }
    if payload.kind == "unattend":
        return PayloadSpec(layout=Layout.WINDOWS, answers=template, variables=variables)
    return PayloadSpec(
        layout=Layout(payload.layout or Layout.CONFIG_DRIVE),
        user_data=(template,),
        network=Template("payload.networkConfig", payload.network_config) if payload.network_config else None,
        meta_data=payload.meta_data or {},
        variables=variables,
    )


def _template(payload: PoolPayload) -> tuple[Template, TemplateFolder]:
    if payload.template is not None:
        return Template("payload.template", payload.template), TextFolder()
    path = PurePath(payload.template_file or "")
    folder = DiskFolder(Path(path.parent))
    try:
        text = folder.read(path.name)
    except (PayloadError, OSError) as error:
        raise InputError("payload.templateFile", f"'{path}' cannot be read: {error}") from error
    if text is None:
        raise InputError(
            "payload.templateFile",
            f"'{path}' does not exist (looked in {Path(path.parent).absolute()})",
            advice="Correct the path; a relative one starts at the folder of the program.",
        )
    return Template(path.name, text), folder
