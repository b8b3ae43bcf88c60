"""What lies where on a disc, and the traps of each layout.

Facts: NoCloud wants ``user-data`` and ``meta-data`` in the root of a volume labelled ``cidata`` (or all upper case:
anything between and cloud-init does not even start); a config drive is labelled ``config-2`` and must have a JSON
``openstack/latest/meta_data.json`` with ``uuid``; Windows looks for ``Unattend.xml`` or, before the system is
installed, ``Autounattend.xml`` in the root, so the same text goes under both names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

import yaml

from pulumi_ahv.payload.cloudinit.yamltext import parse
from pulumi_ahv.payload.findings import Finding, Place, error, warning


class Layout(StrEnum):
    """How a disc is laid out."""

    CONFIG_DRIVE = "configDrive"
    NO_CLOUD = "noCloud"
    WINDOWS = "windows"


LABELS = {Layout.CONFIG_DRIVE: "config-2", Layout.NO_CLOUD: "cidata", Layout.WINDOWS: "unattend"}
META_DATA = {Layout.CONFIG_DRIVE: "openstack/latest/meta_data.json", Layout.NO_CLOUD: "meta-data"}
USER_DATA = {Layout.CONFIG_DRIVE: "openstack/latest/user_data", Layout.NO_CLOUD: "user-data"}
VENDOR_DATA = {Layout.CONFIG_DRIVE: "openstack/latest/vendor_data.json", Layout.NO_CLOUD: "vendor-data"}
NETWORK = {Layout.CONFIG_DRIVE: "openstack/latest/network_data.json", Layout.NO_CLOUD: "network-config"}
ANSWER_FILES = ("Autounattend.xml", "Unattend.xml")


def check_disc(label: str, files: Mapping[str, bytes], disc: str = "disc") -> list[Finding]:
    """What would make a guest overlook or misread a disc, whoever made it."""
    lowered = label.lower()
    if lowered in {"cidata", "config-2"} and label not in {lowered, label.upper()}:
        message = f"the label {label!r} is neither all lower nor all upper case: cloud-init finds no disc and stays off"
        return [error("label-case", message, Place(disc), advice=f"Write {lowered!r}.")]
    checks: dict[str, Callable[[Mapping[str, bytes], Place], Iterator[Finding]]] = {
        "cidata": _no_cloud,
        "config-2": _config_drive,
    }
    if lowered in checks:
        return list(checks[lowered](files, Place(disc)))
    if any(name.lower() in {"unattend.xml", "autounattend.xml"} for name in files):
        return list(_windows(files, Place(disc)))
    message = f"no guest looks at a disc labelled {label!r} without an answer file in its root"
    return [error("label-unknown", message, Place(disc), advice="Label it cidata or config-2.")]


def _no_cloud(files: Mapping[str, bytes], disc: Place) -> Iterator[Finding]:
    for name in ("user-data", "meta-data"):
        if name not in files:
            message = f"a cidata disc without {name!r} is no seed: cloud-init falls back to no data source"
            yield error("seed-incomplete", message, disc, advice="An empty user-data will do; meta-data needs an id.")
    if "meta-data" not in files:
        return
    place = Place("meta-data")
    meta = parse(files["meta-data"].decode(errors="replace")).data
    if not isinstance(meta, dict) or not meta.get("instance-id"):
        message = (
            "meta-data has no instance-id: cloud-init takes the constant 'nocloud', and no clone configures itself"
        )
        yield error("instance-id-missing", message, place)
        return
    if "network-interfaces" in meta:
        advice = "Write a network-config."
        yield warning("network-interfaces", "'network-interfaces' in meta-data is deprecated", place, advice=advice)
    if "seedfrom" in meta:
        message = "'seedfrom' makes cloud-init fetch its data from elsewhere: what is on the disc does not count"
        yield warning("seedfrom", message, place)
    yield from _ds_mode(meta.get("dsmode"), place)


def _config_drive(files: Mapping[str, bytes], disc: Place) -> Iterator[Finding]:
    path = META_DATA[Layout.CONFIG_DRIVE]
    if path not in files:
        yield error("seed-incomplete", f"a config drive without {path} is not readable for cloud-init", disc)
        return
    place = Place(path)
    try:
        meta = json.loads(files[path])
    except ValueError:
        yield error("meta-data-not-json", "meta_data.json is not JSON: cloud-init ignores the whole drive", place)
        return
    if isinstance(meta, str):
        message = "meta_data.json holds JSON within a JSON string: it was encoded twice"
        yield error("meta-data-encoded-twice", message, place)
    elif not isinstance(meta, dict):
        yield error("meta-data-not-json", "meta_data.json holds no JSON object", place)
    elif not meta.get("uuid"):
        message = "meta_data.json has no uuid: cloud-init reports 'Broken config drive' and uses no data source"
        yield error("instance-id-missing", message, place, advice="The uuid must be the UUID of the VM.")
    else:
        inner = meta.get("meta")
        yield from _ds_mode(inner.get("dsmode") if isinstance(inner, dict) else None, place)


def _ds_mode(value: object, place: Place) -> Iterator[Finding]:
    if value is not None and value not in ("local", "net", "disabled", "pass"):
        message = f"dsmode {value!r} is none of local, net, disabled"
        yield error("dsmode", message, place)
    elif value == "disabled":
        yield warning("dsmode", "dsmode disabled switches this data source off", place)


def _windows(files: Mapping[str, bytes], disc: Place) -> Iterator[Finding]:
    present = {name.lower() for name in files}
    for name in ANSWER_FILES:
        if name.lower() not in present:
            when = (
                "while Windows is being installed" if name.startswith("Auto") else "on a machine that was generalized"
            )
            message = f"there is no {name}: Setup looks for that name {when}"
            yield warning("answer-file-name", message, disc, advice="Put the same text under both names.")


def keys_given_twice(user_data: str, vendor_data: str) -> list[str]:
    """Top-level keys that stand in both; user-data wins, and the vendor's are dropped whole."""
    keys = [_top_keys(text) for text in (user_data, vendor_data)]
    return sorted(keys[0] & keys[1])


def _top_keys(text: str) -> set[str]:
    root = parse(text).root
    if not isinstance(root, yaml.MappingNode):
        return set()
    return {str(key.value) for key, _ in root.value}
