"""What cloud-init makes of a disc: which data source it finds, which instance that is, what the user data ask for.

Facts (guest.md, sections 1.1 to 1.7, measured on real cloud-init): labels count in all-lower and all-upper spelling
only; NoCloud needs user-data and meta-data; a config drive needs ``uuid`` in a JSON meta_data.json, else nothing is
found; with both, ConfigDrive wins; the instance id decides what is run again, the host name is set at every boot;
an empty meta-data means the id ``nocloud``. Scripts are noted, not run. Left out: include lists, part handlers,
JSON patches: they are noted as they are.
"""

from __future__ import annotations

import email
import gzip
import json
from dataclasses import dataclass, field
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from pulumi_ahv.simulator.guests.iso9660 import Disc

_CONFIG = "#cloud-config"
_TEMPLATE = "## template: jinja"


@dataclass(frozen=True)
class DataSource:
    """What cloud-init found on a disc."""

    name: str
    instance_id: str
    hostname: str
    user_data: bytes
    network: Any = None
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """What the user data ask for, and what is wrong with them."""

    hostname: str = ""
    users: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    commands: list[Any] = field(default_factory=list)
    power: str = ""
    problems: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)


def find(discs: list[Disc]) -> tuple[DataSource | None, list[str]]:
    """The data source among the discs, config drives first, and why others are none."""
    problems: list[str] = []
    for labels, reader in ((("config-2", "CONFIG-2"), _config_drive), (("cidata", "CIDATA"), _no_cloud)):
        for disc in discs:
            if disc.label in labels:
                try:
                    return reader(disc), problems
                except (ValueError, KeyError, yaml.YAMLError) as error:
                    problems.append(f"{disc.label}: {error}")
    return None, problems


def _no_cloud(disc: Disc) -> DataSource:
    if "user-data" not in disc.files or "meta-data" not in disc.files:
        raise ValueError("not a valid seed: user-data and meta-data are both needed")
    meta = yaml.safe_load(disc.files["meta-data"]) or {}
    if not isinstance(meta, dict):
        raise ValueError("meta-data is not a mapping")  # noqa: TRY004 - a finding about a text, not about a call
    network = yaml.safe_load(disc.files.get("network-config", b"")) or None
    if isinstance(network, dict):
        network = network.get("network", network)
    instance_id = str(meta.get("instance-id", "nocloud"))
    return DataSource(
        "NoCloud", instance_id, str(meta.get("local-hostname", "")), disc.files["user-data"], network, meta
    )


def _config_drive(disc: Disc) -> DataSource:
    versions = sorted({name.split("/")[1] for name in disc.files if name.startswith("openstack/")})
    dated = [name for name in versions if name != "latest"]
    folder = f"openstack/{dated[-1] if dated else 'latest'}"
    if f"{folder}/meta_data.json" not in disc.files:
        raise ValueError("broken config drive: no meta_data.json")
    meta = json.loads(disc.files[f"{folder}/meta_data.json"])
    if not isinstance(meta, dict) or "uuid" not in meta:
        raise ValueError("broken config drive: meta_data.json has no uuid")
    network = json.loads(disc.files.get(f"{folder}/network_data.json", b"null"))
    data = disc.files.get(f"{folder}/user_data", b"")
    return DataSource("ConfigDrive", str(meta["uuid"]), str(meta.get("hostname", "")), data, network, meta)


def read_user_data(source: DataSource) -> Outcome:
    """Read user data of any form that is known here."""
    outcome = Outcome()
    _part(source, source.user_data, outcome)
    config = outcome.config
    outcome.hostname = str(config.get("fqdn") or config.get("hostname") or source.hostname)
    if config.get("preserve_hostname"):
        outcome.hostname = ""
    outcome.users = [_user_name(user) for user in config.get("users") or []]
    for entry in config.get("write_files") or []:
        outcome.files[str(entry.get("path", ""))] = str(entry.get("content", ""))
    outcome.commands = [*(config.get("bootcmd") or []), *(config.get("runcmd") or []), *outcome.commands]
    outcome.power = str((config.get("power_state") or {}).get("mode", ""))
    return outcome


def _user_name(user: Any) -> str:
    return str(user.get("name", "")) if isinstance(user, dict) else str(user)


def _part(source: DataSource, data: bytes, outcome: Outcome) -> None:
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    text = data.decode("utf-8", "replace")
    if text.startswith(_TEMPLATE):
        text = _rendered(source, text.partition("\n")[2], outcome)
    if "mime-version:" in text[:4096].lower():
        for part in email.message_from_string(text).walk():
            if not part.is_multipart():
                payload = part.get_payload(decode=True)
                _part(source, payload if isinstance(payload, bytes) else b"", outcome)
    elif text.startswith(_CONFIG):
        _merge(text, outcome)
    elif text.startswith("#!"):
        outcome.commands.append(text)
    elif text.strip():
        outcome.problems.append(f"user data of an unknown form: {text[:30]!r}")


def _merge(text: str, outcome: Outcome) -> None:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        outcome.problems.append(f"cloud-config is not YAML: {error}")
        return
    if isinstance(config, dict):
        outcome.config.update(config)
    elif config is not None:
        outcome.problems.append("cloud-config is not a mapping")


def _rendered(source: DataSource, text: str, outcome: Outcome) -> str:
    names = {
        "v1": {"local_hostname": source.hostname, "instance_id": source.instance_id, "cloud_name": source.name.lower()},
        "ds": {"meta_data": source.meta},
        "instance_id": source.instance_id,
        "local_hostname": source.hostname,
    }
    try:
        return SandboxedEnvironment(undefined=StrictUndefined).from_string(text).render(names)
    except TemplateError as error:
        outcome.problems.append(f"jinja: {error}")
        return text
