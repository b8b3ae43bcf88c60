"""The variables a template sees: plain data of one pool member, secrets among it, and values that are not known yet.

Templates get copies made of plain types only, so that no attribute of a real object can be reached from one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from ipaddress import ip_interface
from typing import Final

from pulumi_ahv.kernel.secrets import Secret


class _Unknown:
    """The type of :data:`UNKNOWN`."""

    def __repr__(self) -> str:
        return "[not known yet]"


UNKNOWN: Final = _Unknown()
"""Stands for a value that a preview does not know yet; a payload that holds one is not rendered."""


@dataclass(frozen=True)
class Nic:
    """One network interface as the guest is to configure it.

    ``addresses`` carry their prefix length (``10.0.0.5/24``); none at all means DHCP. ``mac`` is what the guest matches
    the interface by; without it, ``name`` is taken for the guest's own name of the interface.
    """

    name: str = ""
    mac: str = ""
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dns_servers: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    mtu: int = 0


@dataclass(frozen=True)
class Domain:
    """The Active Directory domain that members join.

    ``account_domain`` is that of the account, where it is another one. Without ``join`` templates see the domain, and
    nothing is written that joins it.
    """

    name: str
    ou: str = ""
    account: str = ""
    password: Secret | None = None
    account_domain: str = ""
    join: bool = True


@dataclass(frozen=True)
class Member:
    """One machine a payload is rendered for.

    ``hostname`` is the name inside the guest where it differs from ``name``. ``variables`` go over those of the
    payload.
    """

    name: str
    slot: int = 0
    hostname: str = ""
    nics: tuple[Nic, ...] = ()
    domain: Domain | None = None
    variables: Mapping[str, object] = field(default_factory=dict)

    @property
    def guest_name(self) -> str:
        """The host name inside the guest."""
        return self.hostname or self.name


RESERVED = ("name", "slot", "hostname", "fqdn", "domain", "nics", "addresses", "address")
"""Names that every template sees; a variable of the user's cannot have them."""


def scope_of(member: Member, variables: Mapping[str, object]) -> dict[str, object]:
    """Everything a template for this member may name. Secrets and unknown values are still wrapped.

    ``address`` is there only when the member has a static one: a template that needs it then fails by its name.
    """
    scope: dict[str, object] = {**variables, **member.variables}
    host = member.guest_name
    scope |= {"name": member.name, "slot": member.slot, "hostname": host, "fqdn": host, "domain": None}
    if member.domain:
        scope["fqdn"] = f"{host}.{member.domain.name}"
        scope["domain"] = {
            "name": member.domain.name,
            "ou": member.domain.ou,
            "account": member.domain.account,
            "account_domain": member.domain.account_domain or member.domain.name,
            "password": member.domain.password,
        }
    scope["nics"] = [_nic_bag(nic) for nic in member.nics]
    addresses = [str(ip_interface(address).ip) for nic in member.nics for address in nic.addresses]
    scope["addresses"] = addresses
    if addresses:
        scope["address"] = addresses[0]
    return scope


def unknown_paths(value: object, path: str = "") -> list[str]:
    """Where unknown values are: ``["token", "hosts[2]"]``."""
    return [place for place, leaf in _leaves(value, path) if leaf is UNKNOWN]


def unfit_paths(value: object) -> dict[str, str]:
    """Where values are that no template can be given (dates, objects), with the names of their types."""
    plain = str | int | float | Secret | _Unknown | None
    return {place: type(leaf).__name__ for place, leaf in _leaves(value, "") if not isinstance(leaf, plain)}


def secrets_in(value: object) -> list[Secret]:
    """All secrets, each once."""
    return list(dict.fromkeys(leaf for _, leaf in _leaves(value, "") if isinstance(leaf, Secret)))


def revealed(value: object) -> object:
    """A copy in plain types, secrets in clear."""
    return _plain(value, Secret.reveal, "")


def masked(value: object) -> object:
    """A copy in plain types, every secret replaced by the mask."""
    return _plain(value, str, "")


def replacing(show: Callable[[Secret], str]) -> Callable[[object], object]:
    """A function that copies to plain types and puts what ``show`` answers in the place of each secret."""
    return lambda value: _plain(value, show, "")


def _nic_bag(nic: Nic) -> dict[str, object]:
    return {
        "name": nic.name,
        "mac": nic.mac,
        "addresses": list(nic.addresses),
        "gateways": list(nic.gateways),
        "dns_servers": list(nic.dns_servers),
        "dns_search": list(nic.dns_search),
        "mtu": nic.mtu,
    }


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _leaves(getattr(value, each.name), f"{path}.{each.name}" if path else each.name)
    else:
        yield path, value


def _plain(value: object, show: Callable[[Secret], str], path: str) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case Secret():
            return show(value)
        case Mapping():
            return {
                str(key): _plain(inner, show, f"{path}.{key}" if path else str(key)) for key, inner in value.items()
            }
        case list() | tuple():
            return [_plain(inner, show, f"{path}[{index}]") for index, inner in enumerate(value)]
    what = f"variable {path!r}" if path else "the value"
    raise TypeError(f"{what} is a {type(value).__name__}: templates see text, numbers, flags, lists and mappings")
