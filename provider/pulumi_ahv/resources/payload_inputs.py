"""From the inputs that tell a guest something to a payload that can be rendered, whoever's inputs they are.

A template file is read by ``check``, once: what was read of it, and of the files that it includes, stands in the inputs
from there on.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path, PurePath
from typing import Any

from pulumi_ahv.kernel.errors import InputError, PayloadError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.findings import Finding, Severity
from pulumi_ahv.payload.folder import DiskFolder, TemplateFolder, TextFolder
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import Payload
from pulumi_ahv.payload.spec import PayloadSpec, Windows
from pulumi_ahv.payload.surroundings import Surroundings, check_surroundings
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.resources.handler import State
from pulumi_ahv.schema.payload import PayloadTexts
from pulumi_ahv.schema.pool_guest import PoolWindows

_OF_PAYLOAD = ("metaData", "windows", "variables", "files")


def payload_in(given: PayloadTexts, folder: TemplateFolder, *, salt: str) -> Payload:
    """A payload as inputs give it, ready to be rendered.

    Raises:
        InputError: the template file cannot be read.
    """
    return Payload(_spec(given, _template(given, folder)), folder, salt=salt)


def _spec(payload: PayloadTexts, template: Template | None) -> PayloadSpec:
    variables: dict[str, Any] = {
        **(payload.variables or {}),
        **{name: Secret(value) for name, value in (payload.secrets or {}).items()},
    }
    if payload.kind == "unattend":
        answers = template or _windows(payload.windows or PoolWindows())
        return PayloadSpec(layout=Layout.WINDOWS, answers=answers, variables=variables)
    return PayloadSpec(
        layout=Layout(payload.layout or Layout.CONFIG_DRIVE),
        user_data=(template,) if template else (),
        network=Template("payload.networkConfig", payload.network_config) if payload.network_config else None,
        meta_data=payload.meta_data or {},
        variables=variables,
    )


def _windows(given: PoolWindows) -> Windows:
    secret = {"product_key", "administrator_password"}
    plain = given.model_dump(exclude={*secret, "first_logon_commands"}, exclude_none=True)
    return Windows(
        **plain,
        product_key=Secret(given.product_key) if given.product_key else None,
        administrator_password=Secret(given.administrator_password) if given.administrator_password else None,
        first_logon_commands=tuple(given.first_logon_commands or ()),
    )


def folder_of(payload: PayloadTexts | None) -> TemplateFolder:
    """Where a template file and what it includes come from: the inputs, once it has been read, else the disk."""
    if payload is None or payload.template_file is None or payload.template_texts:
        return TextFolder(payload.template_texts if payload else None)
    return DiskFolder(Path(PurePath(payload.template_file).parent))


def _template(payload: PayloadTexts, folder: TemplateFolder) -> Template | None:
    if payload.template is not None:
        return Template("payload.template", payload.template)
    if payload.template_file is None:
        return None
    path = PurePath(payload.template_file)
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
    return Template(path.name, text)


def wrong_with_layout(payload: PayloadTexts | None) -> tuple[list[InputError], list[str]]:
    """What is known of machines before they are: errors and warnings about the data sources that their image pins."""
    if payload is None or payload.kind != "cloudInit":
        return [], []
    layout = Layout(payload.layout or Layout.CONFIG_DRIVE)
    found = check_surroundings(layout, Surroundings(data_sources=tuple(payload.datasource_list or ())))
    errors = [
        InputError("payload.layout", finding.message, advice=finding.advice)
        for finding in found
        if finding.severity is Severity.ERROR
    ]
    warnings = [
        f"payload.layout: {finding.message}. {finding.advice}"
        for finding in found
        if finding.severity is Severity.WARNING
    ]
    return errors, warnings


def path_in_payload(finding: Finding, files: Container[str]) -> str:
    """The property that a finding is about; ``files`` are the names of template files."""
    if finding.file in files:
        return "payload.templateFile"
    return f"payload.{finding.file}" if finding.file.startswith(_OF_PAYLOAD) else finding.file


def place_in(finding: Finding, path: str) -> str:
    """The place in the text, which needs no name where the text is the property."""
    if finding.file != path and finding.line:
        return f"{finding.place}: "
    numbers = [f"line {finding.line}"] if finding.line else []
    numbers += [f"column {finding.column}"] if finding.line and finding.column else []
    where = ", ".join(numbers) + (" of the rendered text" if finding.rendered and finding.line else "")
    return f"{where}: " if where else ""


def texts_in(olds: State, news: State) -> dict[str, str]:
    """The texts that the old inputs hold of the template file that the new ones name."""
    before, now = (each["payload"] if isinstance(each.get("payload"), dict) else {} for each in (olds, news))
    same = before.get("templateFile") == now.get("templateFile")
    return dict(before.get("templateTexts") or {}) if same else {}


def with_texts(news: State, texts: dict[str, str]) -> State:
    """The inputs with the texts of the template file, where the payload comes from one."""
    payload = news.get("payload")
    if not isinstance(payload, dict) or payload.get("templateFile") is None:
        return news
    return {**news, "payload": {**payload, "templateTexts": texts}}
