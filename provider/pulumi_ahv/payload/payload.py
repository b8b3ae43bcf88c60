"""The one way in: a specification and a member become files, a digest and findings; a VM's identity makes them a disc.

Pure: no network, clock or environment, and no files but those of the template folder that is handed in.

    payload = Payload(spec, DiskFolder(Path("templates")), salt=owner_mark)
    rendered = payload.render(Member("agent-003", slot=3))
    if isinstance(rendered, RenderedPayload) and not errors_of(rendered.findings):
        iso = rendered.disc(Identity(vm_uuid))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.kernel.secrets import Scrubber, Secret
from pulumi_ahv.payload.assemble import PLACEHOLDER, assemble, compressed, writes_cards, writes_network
from pulumi_ahv.payload.digest import Sealer, digest
from pulumi_ahv.payload.documents import Documents, Expose, Renderer
from pulumi_ahv.payload.findings import Finding, demand, scrubbed
from pulumi_ahv.payload.folder import TemplateFolder, TextFolder
from pulumi_ahv.payload.inspection import can_be_rendered, inspect_documents, inspect_spec
from pulumi_ahv.payload.iso import master
from pulumi_ahv.payload.layouts import ANSWER_FILES, LABELS, META_DATA, USER_DATA, Layout, check_disc
from pulumi_ahv.payload.limits import Texts
from pulumi_ahv.payload.spec import Identity, PayloadSpec
from pulumi_ahv.payload.templating import TemplateEngine
from pulumi_ahv.payload.variables import Member, masked, replacing, revealed, scope_of, secrets_in, unknown_paths


@dataclass(frozen=True)
class NotYetKnown:
    """A payload whose inputs a preview does not know yet: nothing was rendered, and nothing is wrong."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class RenderedPayload:
    """A payload for one member.

    ``digest`` is empty when a template failed. ``secrets`` are those its templates could see, and empty when no text
    carries any; every finding is free of them.
    """

    spec: PayloadSpec
    member: Member
    digest: str
    findings: tuple[Finding, ...]
    secrets: tuple[Secret, ...]
    _clear: Documents = field(repr=False)
    _masked: Documents = field(repr=False)

    @property
    def label(self) -> str:
        """The volume label of the disc."""
        return LABELS[self.spec.layout]

    @property
    def carries_secret(self) -> bool:
        """Whether a secret stands in any of the files, in whatever form."""
        return bool(self.secrets)

    def files(self, identity: Identity = PLACEHOLDER) -> dict[str, bytes]:
        """The files of the disc, secrets in clear."""
        return compressed(self.spec, assemble(self.spec, self._clear, self.member, identity))

    def shown(self, identity: Identity = PLACEHOLDER) -> dict[str, bytes]:
        """The files as they may be shown: every secret masked, user-data not compressed."""
        return assemble(self.spec, self._masked, self.member, identity)

    def disc(self, identity: Identity) -> bytes:
        """The CD-ROM for a VM.

        Raises:
            PayloadError: a finding is an error, or the identity lacks what the layout needs.
        """
        demand(self.findings)
        self._demand_macs(identity)
        files = self.files(identity)
        demand(check_disc(self.label, files))
        return master(self.label, files)

    def texts(self) -> Texts:
        """What the choice of a delivery depends on."""
        spec, files = self.spec, self.files()
        return Texts(
            layout=spec.layout,
            user_data=files.get(USER_DATA.get(spec.layout, ""), b""),
            meta_data=files.get(META_DATA.get(spec.layout, ""), b""),
            answer_file=files.get(ANSWER_FILES[0], b"") if spec.layout is Layout.WINDOWS else b"",
            carries_secret=self.carries_secret,
            has_meta_data=bool(spec.meta_data),
            needs_macs=self._needs_macs,
            has_network=self._has_network,
            has_vendor_data=self._clear.vendor_data is not None,
            has_extra_files=bool(spec.files),
        )

    @property
    def _needs_macs(self) -> bool:
        """Whether the guest finds its cards by their MACs."""
        by_mac = self.spec.layout is Layout.CONFIG_DRIVE and writes_network(self.spec, self.member)
        return by_mac or writes_cards(self.spec, self.member)

    @property
    def _has_network(self) -> bool:
        """Whether it configures cards, which needs their MACs or more than Prism's own customisation carries."""
        spec, member = self.spec, self.member
        return writes_network(spec, member) or writes_cards(spec, member) or self._clear.network is not None

    def _demand_macs(self, identity: Identity) -> None:
        if not self._needs_macs:
            return
        without = sum(not nic.mac for nic in self.member.nics[len(identity.macs) :])
        if without:
            said = f"{without} interfaces have no MAC, by which the guest finds them"
            raise PayloadError(
                said, file=f"member {self.member.name}", advice="Read the VM back before its disc is made."
            )


class Payload:
    """A specification with its templates, ready to be rendered for any number of members.

    Args:
        spec: what to make.
        folder: where includes and macros come from.
        salt: the owner mark; it salts what digests tell of secrets.
    """

    def __init__(self, spec: PayloadSpec, folder: TemplateFolder | None = None, *, salt: str = "") -> None:
        self.spec = spec
        self._folder = folder or TextFolder()
        self._engine = TemplateEngine(self._folder)
        self._sealer = Sealer(salt)

    def render(self, member: Member) -> RenderedPayload | NotYetKnown:
        """Render and check for one member. Never raises for what is wrong with a template: see ``findings``."""
        unknown = unknown_paths([self.spec, member])
        if unknown:
            return NotYetKnown(tuple(path.partition(".")[2] or path for path in unknown))
        findings = inspect_spec(self.spec, member)
        if not can_be_rendered(findings):
            empty = Documents()
            return RenderedPayload(self.spec, member, "", tuple(findings), (), empty, empty)
        scope = scope_of(member, self.spec.variables)
        secrets = secrets_in([scope, self.spec])
        clear = self._documents(member, scope, revealed)
        shown = self._documents(member, scope, masked) if secrets else clear
        findings += [*clear.failures, *inspect_documents(self.spec, clear, self._folder, member.domain)]
        # Rendering without the secrets tells whether they are in the texts, however a template transforms them.
        used = bool(shown.failures) or self._files(member, shown) != self._files(member, clear)
        digest_text = "" if clear.failures else self._digest(member, scope, clear, secrets=used)
        return RenderedPayload(
            self.spec,
            member,
            digest_text,
            tuple(scrubbed(findings, Scrubber(secrets))),
            tuple(secrets) if used else (),
            clear,
            clear.blackened() if shown.failures else shown,
        )

    def _documents(self, member: Member, scope: Mapping[str, object], expose: Expose) -> Documents:
        return Renderer(self.spec, self._engine, scope, expose).documents(member)

    def _files(self, member: Member, documents: Documents) -> dict[str, bytes]:
        return assemble(self.spec, documents, member, PLACEHOLDER)

    def _digest(self, member: Member, scope: Mapping[str, object], clear: Documents, *, secrets: bool) -> str:
        label, files = LABELS[self.spec.layout], self._files(member, clear)
        if not secrets:
            return digest(label, files)
        sealed = self._documents(member, scope, replacing(self._sealer.seal))
        if sealed.failures:
            # The templates render with the real secrets only: seal all of the contents as if they were one secret.
            return digest(label, {"": self._sealer.seal(Secret(digest(label, files))).encode()})
        return digest(label, self._files(member, sealed))
