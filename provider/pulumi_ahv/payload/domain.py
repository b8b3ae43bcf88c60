"""What can be told of a domain join before anybody tries it: names, the account, where the computer is to lie.

Facts: the characters that an account name (sAMAccountName) cannot hold and the 15 characters of a computer name are
Active Directory's; a longer name is cut by adcli without a word, so that two members become one computer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_ahv.payload.unattend.names import MAX_LENGTH
from pulumi_ahv.payload.variables import Domain

_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_DNS_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})+\Z")
_ANY_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\Z")
_NOT_IN_ACCOUNT = frozenset('"/\\[]:;|=,+*?<>@')
_PART = re.compile(r"\s*(?P<type>[A-Za-z][A-Za-z0-9-]*)\s*=\s*(?P<value>(?:[^\\,]|\\.)+)\Z", re.DOTALL)
_COMMA = re.compile(r"(?<!\\),")
_ACCOUNT_FORM = re.compile(r"(?P<domain>[^\\@]+)\\(?P<account>[^\\@]+)\Z|(?P<upn>[^\\@]+)@(?P<suffix>[^\\@]+)\Z")


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one property of a domain, and what to write instead."""

    name: str
    said: str
    advice: str = ""


def wrong_with_domain(domain: Domain) -> list[Wrong]:
    """Everything wrong with a domain, by property."""
    return [*_name(domain), *_unit(domain), *_account(domain), *_password(domain)]


def wrong_with_joining_name(name: str) -> str:
    """Why the machine of a host name could not be told from others in a domain; empty when it could."""
    label = name.partition(".")[0]
    if len(label) <= MAX_LENGTH:
        return ""
    return f"{label!r} has {len(label)} characters, a computer in a domain has at most {MAX_LENGTH}"


def _name(domain: Domain) -> Iterator[Wrong]:
    if not _DNS_NAME.match(domain.name):
        advice = "Give its DNS name, like corp.example.com; not the short one before a backslash."
        yield Wrong("name", f"{domain.name!r} is no DNS name of a domain", advice)
    if domain.account_domain and not _ANY_NAME.match(domain.account_domain):
        yield Wrong("accountDomain", f"{domain.account_domain!r} is no name of a domain")


def _unit(domain: Domain) -> Iterator[Wrong]:
    if not domain.ou:
        return
    advice = f"Write it like OU=Agents,{_as_dn(domain.name)}."
    parts = [_PART.match(part) for part in _COMMA.split(domain.ou)]
    known = [(part["type"].upper(), part["value"].strip()) for part in parts if part]
    if len(known) < len(parts) or not all(value for _, value in known) or "\0" in domain.ou or "\n" in domain.ou:
        yield Wrong("ou", f"{domain.ou!r} is no distinguished name", advice)
        return
    if known[0][0] not in {"OU", "CN"}:
        yield Wrong("ou", f"{domain.ou!r} begins with {known[0][0]}: computers lie in an OU or a container", advice)
    home = ".".join(value for kind, value in known if kind == "DC")
    if home.lower() != domain.name.lower():
        said = f"lies in {home!r}" if home else "names no domain (DC=)"
        yield Wrong("ou", f"{domain.ou!r} {said}, and the domain is {domain.name!r}", advice)


def _account(domain: Domain) -> Iterator[Wrong]:
    account = domain.account
    if form := _ACCOUNT_FORM.match(account):
        bare, home = form["account"] or form["upn"], form["domain"] or form["suffix"]
        said = f"{account!r} names a domain as well"
        yield Wrong("account", said, f"Set account to {bare!r}, and accountDomain to {home!r} if it is another one.")
    elif bad := sorted(_NOT_IN_ACCOUNT.intersection(account)) or [each for each in account if ord(each) < 32]:
        yield Wrong("account", f"{account!r} holds {bad[0]!r}, which no account name can")
    elif not account.strip() and domain.join:
        yield Wrong("account", "is empty", "Name an account that may join computers to the domain.")


def _password(domain: Domain) -> Iterator[Wrong]:
    password = domain.password.reveal() if domain.password else ""
    if not password and domain.join:
        yield Wrong("password", "is empty", "Give the password of the account.")
    elif any(ord(each) < 32 or ord(each) == 127 for each in password):
        yield Wrong("password", "holds a control character, a line end perhaps")


def _as_dn(name: str) -> str:
    return ",".join(f"DC={label}" for label in name.split("."))
