"""A payload from a folder and a settings document, as ``ahv render`` takes them.

The folder says what there is by its file names: ``user-data*`` (several become the parts of a multipart, in the order
of their names), ``vendor-data*``, ``network-config*`` and ``unattend.xml*`` (also ``Autounattend.xml*``) are templates;
everything under ``files/`` goes onto the disc, rendered where its name ends in ``.j2``. Any other file is there to be
included. The settings say the rest: layout, variables, secrets and members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.folder import TemplateFolder
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.spec import CloudConfig, PayloadSpec, UserData, Windows
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import Domain, Member, Nic


class _Bag(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True)


class NicSettings(_Bag):
    """One interface of a member."""

    name: str = ""
    mac: str = ""
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dns_servers: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    mtu: int = 0


class DomainSettings(_Bag):
    """The domain of a member."""

    name: str
    ou: str = ""
    account: str = ""
    password: str = ""
    account_domain: str = ""
    join: bool = True


class MemberSettings(_Bag):
    """One member; ``secrets`` are variables that are masked."""

    name: str
    slot: int = 0
    hostname: str = ""
    nics: tuple[NicSettings, ...] = ()
    domain: DomainSettings | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict)


class WindowsSettings(_Bag):
    """The common case of an answer file."""

    locale: str = "en-US"
    keyboard: str = ""
    time_zone: str = "UTC"
    organization: str = ""
    owner: str = ""
    product_key: str = ""
    administrator_password: str = ""
    auto_logon_count: int = Field(default=0, ge=0, le=32767)
    first_logon_commands: tuple[str, ...] = ()
    remote_desktop: bool = False
    workgroup: str = ""


class Settings(_Bag):
    """The settings document."""

    layout: Layout | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict)
    cloud_config: dict[str, Any] | None = None
    meta_data: dict[str, Any] = Field(default_factory=dict)
    network: bool | None = None
    windows: WindowsSettings | None = None
    gzip_over: int = Field(default=0, ge=0)
    members: tuple[MemberSettings, ...] = (MemberSettings(name="member"),)


def read_settings(document: object) -> Settings:
    """Check a settings document.

    Raises:
        InputError: the first wrong property, with its path.
    """
    try:
        return Settings.model_validate(document if document is not None else {})
    except ValidationError as wrong:
        first = wrong.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise InputError(path or "settings", str(first["msg"])) from None


def spec_from(folder: TemplateFolder, settings: Settings) -> PayloadSpec:
    """Make the specification from the folder's file names and the settings."""
    names = folder.names()
    answers = _first(names, "unattend.xml", "autounattend.xml")
    layout = settings.layout or (Layout.WINDOWS if answers or settings.windows else Layout.CONFIG_DRIVE)
    user_data: list[UserData] = [_template(folder, name) for name in names if name.lower().startswith("user-data")]
    if settings.cloud_config is not None:
        user_data.append(CloudConfig(settings.cloud_config))
    network, vendor = _first(names, "network-config"), _first(names, "vendor-data")
    return PayloadSpec(
        layout=layout,
        user_data=tuple(user_data),
        vendor_data=_template(folder, vendor) if vendor else None,
        network=_template(folder, network) if network else settings.network,
        meta_data=settings.meta_data,
        answers=_template(folder, answers) if answers else _windows(settings.windows),
        files={
            name.removeprefix("files/").removesuffix(".j2"): (
                _template(folder, name) if name.endswith(".j2") else folder.content(name) or b""
            )
            for name in names
            if name.startswith("files/")
        },
        variables={**settings.variables, **_wrapped(settings.secrets)},
        gzip_over=settings.gzip_over,
    )


def members_from(settings: Settings) -> list[Member]:
    """The members, in the order of the document."""
    return [
        Member(
            name=member.name,
            slot=member.slot,
            hostname=member.hostname,
            nics=tuple(Nic(**nic.model_dump()) for nic in member.nics),
            domain=_domain(member.domain),
            variables={**member.variables, **_wrapped(member.secrets)},
        )
        for member in settings.members
    ]


def _template(folder: TemplateFolder, name: str) -> Template:
    return Template(name, folder.read(name) or "")


def _first(names: list[str], *beginnings: str) -> str:
    """The first file in the root of the folder whose name begins like one of these."""
    return next((name for name in names if "/" not in name and name.lower().startswith(beginnings)), "")


def _wrapped(secrets: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(value) for name, value in secrets.items()}


def _domain(domain: DomainSettings | None) -> Domain | None:
    if domain is None:
        return None
    password = Secret(domain.password) if domain.password else None
    return Domain(**domain.model_dump(exclude={"password"}), password=password)


def _windows(windows: WindowsSettings | None) -> Windows | None:
    if windows is None:
        return None
    plain = windows.model_dump(exclude={"product_key", "administrator_password"})
    return Windows(
        **plain,
        product_key=Secret(windows.product_key) if windows.product_key else None,
        administrator_password=Secret(windows.administrator_password) if windows.administrator_password else None,
    )
