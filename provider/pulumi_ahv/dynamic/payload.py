"""Payloads, as Python programs write them, and how their secrets are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from pulumi import Input, Output

from pulumi_ahv.dynamic.names import camel_once, camel_payload


class PoolWindowsArgs(TypedDict, total=False):
    """The common case of a Windows answer file, without any XML."""

    locale: Input[str]
    keyboard: Input[str]
    time_zone: Input[str]
    organization: Input[str]
    owner: Input[str]
    product_key: Input[str]
    administrator_password: Input[str]
    auto_logon_count: Input[int]
    first_logon_commands: Input[Sequence[Input[str]]]
    remote_desktop: Input[bool]
    workgroup: Input[str]


class PayloadTextsArgs(TypedDict, total=False):
    """Texts for a guest, and what they are rendered with."""

    kind: Input[Literal["cloudInit", "unattend"]]
    template: Input[str]
    template_file: Input[str]
    windows: Input[PoolWindowsArgs]
    meta_data: Input[Mapping[str, Any]]
    network_config: Input[str]
    variables: Input[Mapping[str, Any]]
    secrets: Input[Mapping[str, Input[str]]]
    layout: Input[Literal["configDrive", "noCloud"]]
    datasource_list: Input[Sequence[Input[str]]]


def sealed_payload(payload: Any) -> Any:
    """The payload with its secrets marked, and a secret place for the texts of its template file."""
    given = sealed(camel_payload(payload), "secrets")
    if not isinstance(given, Mapping):
        return given
    more: dict[str, Any] = {}
    if given.get("templateFile") is not None:
        more["templateTexts"] = Output.secret({})
    if given.get("windows") is not None:
        more["windows"] = sealed(given["windows"], "productKey", "administratorPassword")
    return {**given, **more}


def sealed(value: Any, *secret: str) -> Any:
    """An object with those properties marked; one that only the engine knows yet is secret as a whole."""
    if isinstance(value, Output):
        return Output.secret(value.apply(camel_once))
    given = camel_once(value)
    if not isinstance(given, Mapping):
        return given
    return {**given, **{name: Output.secret(given[name]) for name in secret if given.get(name) is not None}}
