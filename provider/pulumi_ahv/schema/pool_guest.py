"""What can be said of the guests of a pool beside their templates: Windows settings, the domain, their addresses."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from pulumi_ahv.schema.fields import Bag, Facts


class PoolWindows(Bag):
    """The common case of a Windows answer file, without any XML. Texts may be templates."""

    locale: str = "en-US"
    """Language tag of the system, its users and its interface."""
    keyboard: str | None = None
    """Keyboard, as a language tag or Windows' own pair of numbers. Default: that of `locale`."""
    time_zone: str = "UTC"
    """Windows' own name of the time zone: `W. Europe Standard Time`."""
    organization: str | None = None
    """Registered organization."""
    owner: str | None = None
    """Registered owner."""
    product_key: Annotated[str | None, Facts(secret=True)] = None
    """Product key."""
    administrator_password: Annotated[str | None, Facts(secret=True)] = None
    """Password of the built-in administrator."""
    auto_logon_count: Annotated[int, Field(ge=0, le=32767)] = 0
    """How often the administrator is logged on automatically; `firstLogonCommands` need it once."""
    first_logon_commands: list[str] | None = None
    """Commands at the first logon. Windows starts them all at once: put a sequence into one script."""
    remote_desktop: bool = False
    """Whether Remote Desktop is switched on and let through the firewall."""
    workgroup: Annotated[str, StringConstraints(max_length=15)] | None = None
    """Workgroup, where no domain is joined."""


class PoolDomain(Bag):
    """The Active Directory domain that members join at their first boot. It needs a `payload`, which says how."""

    name: Annotated[str, StringConstraints(min_length=1)]
    """DNS name of the domain: `corp.example.com`."""
    ou: str | None = None
    """Distinguished name of where the computers lie: `OU=Agents,DC=corp,DC=example,DC=com`. Default: where the domain
    puts new computers."""
    account: str | None = None
    """Account that may join computers, without a domain before or after it."""
    account_domain: str | None = None
    """Domain of the account, where it is another one."""
    password: Annotated[str | None, Facts(secret=True)] = None
    """Password of the account. State tells no more of it than a digest by scrypt."""
    join: bool = True
    """Whether the join is put into the payload. With `false`, templates see `domain` and see to it themselves."""


class PoolNetwork(Bag):
    """What goes with addresses that guests set themselves: those of `addresses` that have a prefix length."""

    gateway: str | None = None
    """Default gateway."""
    dns_servers: list[str] | None = None
    """Name servers."""
    dns_search: list[str] | None = None
    """Domains in which names are looked for."""
    mtu: Annotated[int, Field(ge=576, le=9216)] | None = None
    """MTU of the card. Not with `unattend`, which has no setting for it."""
