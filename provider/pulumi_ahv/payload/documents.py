"""Renders the texts of a payload for one member, with secrets in clear or masked: the same code for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ParamSpec, TypeVar

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.kernel.secrets import MASK, Secret
from pulumi_ahv.payload.cloudinit.formats import Part, multipart
from pulumi_ahv.payload.cloudinit.joining import FILE_NAME, join_script
from pulumi_ahv.payload.findings import Finding, Place, error
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.quoting import yaml_value
from pulumi_ahv.payload.spec import CloudConfig, PayloadSpec, Windows
from pulumi_ahv.payload.templating import Mode, Rendered, Template, TemplateEngine
from pulumi_ahv.payload.unattend.builder import Answers, build_unattend
from pulumi_ahv.payload.unattend.specialize import JOIN, DomainJoin, join_components
from pulumi_ahv.payload.variables import Domain, Member

_Args = ParamSpec("_Args")
_Done = TypeVar("_Done")

Expose = Callable[[object], object]
"""Makes plain data of variables: :func:`~pulumi_ahv.payload.variables.revealed`, or one that masks."""


@dataclass
class Documents:
    """The rendered texts. A text that failed is missing, and ``failures`` says why.

    ``join`` joins a domain beside what the user wrote: a script, or a component for his answer file.
    """

    user_data: list[Rendered] = field(default_factory=list)
    vendor_data: Rendered | None = None
    network: Rendered | None = None
    answers: Rendered | None = None
    files: dict[str, Rendered | bytes] = field(default_factory=dict)
    meta_data: dict[str, object] = field(default_factory=dict)
    join: Rendered | None = None
    failures: list[Finding] = field(default_factory=list)

    def blackened(self) -> Documents:
        """The same documents with nothing in them, for when masking single secrets did not work."""
        return Documents(
            user_data=[replace(each, text=MASK) for each in self.user_data],
            vendor_data=self.vendor_data and replace(self.vendor_data, text=MASK),
            network=self.network and replace(self.network, text=MASK),
            answers=self.answers and replace(self.answers, text=MASK),
            files=dict.fromkeys(self.files, MASK.encode()),
            join=self.join and replace(self.join, text=MASK),
        )

    def user_text(self) -> str:
        """The user-data: nothing, the one text, or a MIME multipart."""
        texts = [*self.user_data, *([self.join] if self.join else [])]
        if len(texts) == 1:
            return texts[0].text
        if not texts:
            return ""
        return multipart([Part(each.text, each.template.name.rpartition("/")[2]) for each in texts])


class Renderer:
    """Renders everything of one specification for one member and one way to expose its secrets."""

    def __init__(self, spec: PayloadSpec, engine: TemplateEngine, scope: Mapping[str, object], expose: Expose) -> None:
        self._spec, self._engine, self._expose = spec, engine, expose
        exposed = expose(scope)
        self._variables = exposed if isinstance(exposed, dict) else {}
        self._failures: list[Finding] = []

    def documents(self, member: Member) -> Documents:
        """Render all; failures are collected, not raised."""
        spec, attempt = self._spec, self._attempt
        user_data = [attempt(self._user_data, part) for part in spec.user_data]
        files = {path: attempt(self._file, path, content) for path, content in spec.files.items()}
        return Documents(
            user_data=[text for text in user_data if text],
            vendor_data=attempt(self._text, spec.vendor_data),
            network=attempt(self._text, spec.network if isinstance(spec.network, Template) else None),
            answers=attempt(self._answers, spec.answers, member),
            files={path: content for path, content in files.items() if content is not None},
            meta_data=attempt(self._mapping, spec.meta_data, "metaData") or {},
            join=attempt(self._joining, member.domain),
            failures=self._failures,
        )

    def _attempt(self, render: Callable[_Args, _Done], *args: _Args.args, **named: _Args.kwargs) -> _Done | None:
        try:
            return render(*args, **named)
        except PayloadError as wrong:
            place = Place(wrong.file, wrong.line, wrong.column)
            self._failures.append(error("template", wrong.said, place, advice=wrong.advice))
            return None

    def _text(self, template: Template | None) -> Rendered | None:
        return self._engine.render(template, self._variables) if template else None

    def _answers(self, answers: Template | Windows | None, member: Member) -> Rendered | None:
        if isinstance(answers, Template):
            return self._engine.render(answers, self._variables, xml=True)
        return self._windows(answers, member) if answers else None

    def _user_data(self, part: Template | CloudConfig) -> Rendered:
        if isinstance(part, Template):
            return self._engine.render(part, self._variables)
        return self._written(part.name, cloud_config_text(self._mapping(part.data, part.name)))

    def _file(self, path: str, content: Template | bytes) -> Rendered | bytes:
        if isinstance(content, bytes):
            return content
        return self._engine.render(content, self._variables, xml=path.lower().endswith(".xml"))

    def _written(self, name: str, text: str) -> Rendered:
        """A text that we wrote: it has no template whose lines could be told."""
        return self._engine.render(Template(name, text, Mode.VERBATIM), {})

    def _mapping(self, data: Mapping[str, object], name: str) -> dict[str, object]:
        leaves = self._leaves(data, name)
        return leaves if isinstance(leaves, dict) else {}

    def _leaves(self, value: object, name: str) -> object:
        """Render the texts within data; secrets are put in as they are."""
        if isinstance(value, Mapping):
            return {str(key): self._leaves(inner, f"{name}.{key}") for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._leaves(inner, f"{name}[{index}]") for index, inner in enumerate(value)]
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            return self._engine.render(Template(name, value), self._variables).text
        return self._expose(value)

    def _windows(self, given: Windows, member: Member) -> Rendered:
        commands = self._leaves(given.first_logon_commands, "windows.firstLogonCommands")
        texts = replace(
            given,
            locale=self._line(given.locale, "locale"),
            keyboard=self._line(given.keyboard, "keyboard"),
            time_zone=self._line(given.time_zone, "timeZone"),
            organization=self._line(given.organization, "organization"),
            owner=self._line(given.owner, "owner"),
            workgroup=self._line(given.workgroup, "workgroup"),
            first_logon_commands=tuple(commands) if isinstance(commands, list) else (),
        )
        answers = Answers(
            texts,
            computer_name=member.guest_name,
            product_key=self._clear(given.product_key),
            administrator_password=self._clear(given.administrator_password),
            domain=self._domain_join(member.domain) if member.domain and member.domain.join else None,
        )
        try:
            return self._written("windows", build_unattend(answers))
        except ValueError as wrong:
            raise PayloadError(str(wrong), file="windows") from None

    def _joining(self, domain: Domain | None) -> Rendered | None:
        """What joins the domain, where no answer file of our own does."""
        spec = self._spec
        if domain is None or not domain.join or isinstance(spec.answers, Windows):
            return None
        try:
            if spec.layout is Layout.WINDOWS:
                return self._written(JOIN, join_components(self._domain_join(domain))[JOIN])
            return self._written(FILE_NAME, join_script(domain, self._clear(domain.password)))
        except ValueError as wrong:
            raise PayloadError(str(wrong), file="domain") from None

    def _domain_join(self, domain: Domain) -> DomainJoin:
        password = self._clear(domain.password)
        return DomainJoin(domain.name, domain.account, password, domain.ou, domain.account_domain)

    def _line(self, text: str, name: str) -> str:
        return str(self._leaves(text, f"windows.{name}"))

    def _clear(self, secret: Secret | None) -> str:
        return str(self._expose(secret)) if secret else ""


def cloud_config_text(data: Mapping[str, object]) -> str:
    """Write a cloud-config: a line for each key, and for each item of a list under it."""
    lines = ["#cloud-config"]
    for key, value in data.items():
        if isinstance(value, list) and value:
            lines += [f"{yaml_value(key)}:", *(f"  - {yaml_value(item)}" for item in value)]
        else:
            lines.append(f"{yaml_value(key)}: {yaml_value(value)}")
    return "\n".join(lines) + "\n"
