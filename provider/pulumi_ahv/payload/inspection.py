"""All checks of a rendered payload, as findings at the lines of the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_interface

from pulumi_ahv.payload.cloudinit.metadata import OURS_CONFIG_DRIVE, OURS_NOCLOUD
from pulumi_ahv.payload.cloudinit.network import check_network_config
from pulumi_ahv.payload.cloudinit.userdata import check_user_data
from pulumi_ahv.payload.documents import Documents
from pulumi_ahv.payload.domain import wrong_with_domain, wrong_with_joining_name
from pulumi_ahv.payload.findings import Finding, Place, Problem, Severity, error, warning
from pulumi_ahv.payload.folder import TemplateFolder
from pulumi_ahv.payload.iso import check_names
from pulumi_ahv.payload.layouts import (
    ANSWER_FILES,
    META_DATA,
    NETWORK,
    USER_DATA,
    VENDOR_DATA,
    Layout,
    keys_given_twice,
)
from pulumi_ahv.payload.spec import CloudConfig, PayloadSpec, Windows
from pulumi_ahv.payload.templating import Rendered, Template
from pulumi_ahv.payload.unattend.document import check_join, check_unattend
from pulumi_ahv.payload.unattend.names import wrong_with_computer_name
from pulumi_ahv.payload.variables import RESERVED, Domain, Member, Nic, unfit_paths

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)\Z")
_MAC = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\Z")


def inspect_spec(spec: PayloadSpec, member: Member) -> list[Finding]:
    """What can be told without rendering."""
    return [
        *_combination(spec),
        *_unfit(spec, member),
        *_names(spec, member),
        *_interfaces(member),
        *_domain(member),
        *_windows_cards(spec, member),
        *check_names(spec.files, "files"),
    ]


def can_be_rendered(findings: Iterable[Finding]) -> bool:
    """Whether what :func:`inspect_spec` found leaves anything that could be rendered."""
    return not any(finding.code in {"address", "unfit-value"} for finding in findings)


def inspect_documents(
    spec: PayloadSpec, documents: Documents, folder: TemplateFolder, domain: Domain | None = None
) -> list[Finding]:
    """What is wrong with the rendered texts."""
    findings: list[Finding] = []
    for text in documents.user_data:
        findings += located(check_user_data(text.text), text, folder)
    if documents.vendor_data:
        findings += located(check_user_data(documents.vendor_data.text), documents.vendor_data, folder)
        findings += _dropped_keys(documents)
    if documents.network:
        findings += located(check_network_config(documents.network.text), documents.network, folder)
    if documents.answers:
        found = check_unattend(documents.answers.text)
        if isinstance(spec.answers, Windows):  # written by us: plain where Windows takes nothing else
            found = [problem for problem in found if problem.code != "plain-password"]
        findings += located(found, documents.answers, folder)
        if domain:
            findings += located(check_join(documents.answers.text, domain.name), documents.answers, folder)
    ours = OURS_NOCLOUD if spec.layout is Layout.NO_CLOUD else OURS_CONFIG_DRIVE
    for key in sorted(set(ours) & set(documents.meta_data)):
        message = f"meta-data cannot set {key!r}: it is made from the VM, so that the disc can be removed later"
        findings.append(error("meta-data-key", message, Place("metaData")))
    return findings


def located(problems: Iterable[Problem], rendered: Rendered, folder: TemplateFolder) -> list[Finding]:
    """Turn problems of a rendered text into findings at the lines of its template, where they can be known."""
    problems = list(problems)
    if not problems:
        return []
    lines, text_lines = rendered.locate(), rendered.text.split("\n")
    sources: dict[str, list[str]] = {rendered.template.name: rendered.template.text.split("\n")}
    findings = []
    for each in problems:
        severity = Severity.ERROR if each.fatal else Severity.WARNING
        origin = lines.origin(each.line)
        if origin is None:
            place, in_rendered = Place(rendered.template.name, each.line, each.column), True
        else:
            file, line = origin
            if file not in sources:
                sources[file] = (folder.read(file) or "").split("\n")
            before = text_lines[each.line - 1][: max(each.column - 1, 0)]
            exact = line <= len(sources[file]) and sources[file][line - 1].startswith(before)
            place, in_rendered = Place(file, line, each.column if exact else 0), False
        findings.append(
            Finding(severity, each.code, each.message, place.file, place.line, place.column, each.advice, in_rendered)
        )
    return findings


def _combination(spec: PayloadSpec) -> Iterator[Finding]:
    windows = spec.layout is Layout.WINDOWS
    if windows and not spec.answers:
        yield error("no-answers", "a Windows disc needs an answer file", Place("payload"))
    if windows and (spec.user_data or spec.vendor_data or spec.meta_data):
        yield error(
            "layout", "a Windows disc carries no user-data; cloudbase-init reads a config drive", Place("payload")
        )
    if not windows and spec.answers:
        yield error("layout", f"a {spec.layout.value} disc carries no answer file", Place("payload"))
    if isinstance(spec.network, Template) and spec.layout is not Layout.NO_CLOUD:
        message = "a config drive carries no network-config: cloud-init reads network_data.json there"
        advice = "Let it be written from the addresses, or use layout noCloud."
        yield error("layout", message, Place(spec.network.name), advice=advice)
    ours = {table.get(spec.layout, "") for table in (USER_DATA, META_DATA, VENDOR_DATA, NETWORK)} | set(ANSWER_FILES)
    for path in sorted(ours & set(spec.files)):
        yield error("file-is-ours", f"the file {path!r} is written from other properties", Place("files"))
    for name in sorted(set(RESERVED) & set(spec.variables)):
        message = f"the variable {name!r} would hide the member's own"
        yield error("reserved-name", message, Place("variables"), advice=f"Reserved are: {', '.join(RESERVED)}.")


def _unfit(spec: PayloadSpec, member: Member) -> Iterator[Finding]:
    data = [part.data for part in spec.user_data if isinstance(part, CloudConfig)]
    for where, values in (
        ("variables", spec.variables),
        ("memberVariables", member.variables),
        ("metaData", spec.meta_data),
        *(("cloudConfig", each) for each in data),
    ):
        for path, kind in unfit_paths(values).items():
            message = f"{path} is a {kind}: values are text, numbers, flags, lists and mappings"
            yield error("unfit-value", message, Place(where), advice="Put it into quotes, or convert it to text.")


def _names(spec: PayloadSpec, member: Member) -> Iterator[Finding]:
    for name in sorted(set(RESERVED) & set(member.variables)):
        yield error("reserved-name", f"the variable {name!r} would hide the member's own", Place("memberVariables"))
    name, place = member.guest_name, Place(f"member {member.name}")
    if spec.layout is Layout.WINDOWS:
        if wrong := wrong_with_computer_name(name):
            yield error("computer-name", wrong, place)
    elif any(not _HOST_NAME.match(label) for label in name.split(".")):
        message = f"{name!r} is no host name: letters, digits and hyphens, at most 63 between dots"
        yield error("host-name", message, place)


def _domain(member: Member) -> Iterator[Finding]:
    if member.domain is None:
        return
    for wrong in wrong_with_domain(member.domain):
        yield error("domain", wrong.said, Place(f"domain.{wrong.name}"), advice=wrong.advice)
    if member.domain.join and (said := wrong_with_joining_name(member.guest_name)):
        yield error("computer-name", said, Place(f"member {member.name}"))


def _windows_cards(spec: PayloadSpec, member: Member) -> Iterator[Finding]:
    if spec.layout is Layout.WINDOWS and any(nic.mtu for nic in member.nics):
        advice = "Leave it out, and set it in a script of the guest."
        yield error("mtu", "an answer file has no setting for it", Place("network.mtu"), advice=advice)


def _interfaces(member: Member) -> Iterator[Finding]:
    for number, nic in enumerate(member.nics):
        place = Place(f"member {member.name}")
        for message in _wrong_with(nic):
            yield error("address", f"interface {number}: {message}", place)
    taken = [nic.mac.lower() for nic in member.nics if nic.mac]
    if len(set(taken)) < len(taken):
        yield error("address", "two interfaces have the same MAC", Place(f"member {member.name}"))


def _wrong_with(nic: Nic) -> Iterator[str]:
    if nic.mac and not _MAC.match(nic.mac):
        yield f"{nic.mac!r} is no MAC like 50:6b:8d:00:00:01"
    networks = []
    for text in nic.addresses:
        try:
            networks.append(ip_interface(text).network)
        except ValueError:
            yield f"{text!r} is no address"
        if "/" not in text:
            yield f"{text!r} has no prefix length; write it as {text}/24, say"
    for text in (*nic.gateways, *nic.dns_servers):
        try:
            address = ip_address(text)
        except ValueError:
            yield f"{text!r} is no address"
            continue
        if text in nic.gateways and networks and not any(address in network for network in networks):
            yield f"the gateway {text} lies in none of the networks of {', '.join(nic.addresses)}"


def _dropped_keys(documents: Documents) -> Iterator[Finding]:
    if documents.vendor_data is None or len(documents.user_data) != 1:
        return
    for key in keys_given_twice(documents.user_data[0].text, documents.vendor_data.text):
        message = f"{key!r} stands in user-data too: cloud-init drops the vendor's"
        yield warning("vendor-key-dropped", message, Place(documents.vendor_data.template.name))
