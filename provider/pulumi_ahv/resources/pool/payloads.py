"""The payloads of a pool: what its inputs say, made ready to be rendered for every slot.

A template file is read by ``check``, once: what was read of it, and of the files that it includes, stands in the inputs
from there on. So creation renders what was checked, and a rollout can go back to a payload whose file has changed.
"""

from __future__ import annotations

from pulumi_ahv.kernel.errors import InputError, PayloadError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.findings import Severity
from pulumi_ahv.payload.folder import RememberedFolder
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.limits import Delivery, PrismSite, Texts, choose
from pulumi_ahv.payload.payload import Payload, RenderedPayload
from pulumi_ahv.payload.variables import Domain, Member
from pulumi_ahv.resources.payload_inputs import folder_of, payload_in
from pulumi_ahv.resources.pool.addressing import nics_of
from pulumi_ahv.resources.pool.complaints import complaints
from pulumi_ahv.resources.pool.filed import Filed
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
        self._folder = RememberedFolder(folder_of(told.payload))
        self.filed = Filed(told)
        rendered = told.payload if told.payload and told.payload.path is None else None
        self._payload = payload_in(rendered, self._folder, salt=told.owner) if rendered else None
        self._domain = domain_of(told)

    @property
    def texts(self) -> dict[str, str]:
        """The template file and those it includes, by name, as far as they have been read."""
        return dict(self._folder.texts)

    def digest(self, slot: int, name: str) -> str:
        """Digest of the payload of a slot; empty where there is none."""
        rendered = self.render(slot, name)
        return rendered.digest[:DIGEST_DIGITS] if rendered else self.filed.digest(slot, name)

    def render(self, slot: int, name: str) -> RenderedPayload | None:
        """The payload of a slot; ``None`` where the pool has none, or it lies in a file.

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
        found = {(slot, name): self._rendered(slot, name) for slot, name in names.items()}
        findings = {who: one.findings for who, one in found.items() if one}
        errors, warnings = complaints(self._told, findings, self._folder.texts)
        return [*errors, *self.filed.wrong(names)], warnings

    def wrong_for_prism(self, names: dict[int, str], site: PrismSite) -> list[InputError]:
        """The first payload that Prism's own customisation cannot carry, where it is asked to."""
        if self.given is None or self.given.delivery != "prism":
            return []
        for slot, name in names.items():
            rendered = self._rendered(slot, name)
            try:
                choose(Delivery.PRISM, rendered.texts() if rendered else Texts(Layout.CONFIG_DRIVE), site)
            except ValueError as wrong:
                return [InputError("payload.delivery", f"{name}: {wrong}", advice="Take auto or cdrom.")]
        return []

    def _rendered(self, slot: int, name: str) -> RenderedPayload | None:
        if self._payload is None:
            return None
        told = self._told.member_variables or {}
        variables = {**told.get(str(slot), {}), **told.get(name, {})}
        member = Member(name, slot, nics=nics_of(self._told, slot), domain=self._domain, variables=variables)
        rendered = self._payload.render(member)
        if not isinstance(rendered, RenderedPayload):
            raise TypeError("check lets nothing through that is not known")
        return rendered


def payload_of(given: PoolPayload, *, salt: str) -> Payload:
    """A payload as inputs give it, ready to be rendered.

    Raises:
        InputError: the template file cannot be read, or there is nothing to render.
    """
    if given.path is not None:
        advice = "Give its text as a template to see what guests are told."
        raise InputError("payload.path", "what is in the file is not seen by the provider", advice=advice)
    return payload_in(given, folder_of(given), salt=salt)


def domain_of(told: PoolInputs) -> Domain | None:
    """The domain that members join."""
    given = told.domain
    if given is None:
        return None
    password = Secret(given.password) if given.password else None
    return Domain(given.name, given.ou or "", given.account or "", password, given.account_domain or "", given.join)
