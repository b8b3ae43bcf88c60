"""Names of resources: ``urn:pulumi:STACK::PROJECT::QUALIFIED$TYPE::NAME``, and references ``URN::ID`` to providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"


@dataclass(frozen=True)
class Urn:
    """A URN taken apart. A name may contain ``::`` itself; only the first three separate."""

    stack: str
    project: str
    qualified_type: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Urn:
        """Read a URN; ValueError if it is none."""
        parts = text.split("::", 3)
        prefix = "urn:pulumi:"
        if len(parts) != 4 or not parts[0].startswith(prefix):
            raise ValueError(f"not a URN: {text!r}")
        return cls(parts[0].removeprefix(prefix), parts[1], parts[2], parts[3])

    @property
    def type(self) -> str:
        """The resource's own type, without its parents'."""
        return self.qualified_type.rsplit("$", 1)[-1]

    def __str__(self) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


def make_urn(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; the stack itself leaves no trace in its children's types."""
    above = Urn.parse(parent).qualified_type if parent else ""
    qualified = type_ if above in ("", STACK_TYPE) else f"{above}${type_}"
    return str(Urn(stack, project, qualified, name))


def type_of(urn: str) -> str:
    """The type in a URN."""
    return Urn.parse(urn).type


def name_of(urn: str) -> str:
    """The name in a URN."""
    return Urn.parse(urn).name


def is_provider(type_: str) -> bool:
    """Whether this is the type of a provider resource."""
    return type_.startswith(PROVIDER_PREFIX)


def package_of(type_: str) -> str:
    """The package that serves a resource or function: the token's first part; for a provider, the one it is of."""
    return type_.removeprefix(PROVIDER_PREFIX) if is_provider(type_) else type_.split(":", 1)[0]


def split_reference(reference: str) -> tuple[str, str]:
    """Take a provider reference apart into URN and id."""
    urn, _, id_ = reference.rpartition("::")
    return urn, id_


def join_reference(urn: str, id_: str) -> str:
    """Write a provider reference."""
    return f"{urn}::{id_}"
