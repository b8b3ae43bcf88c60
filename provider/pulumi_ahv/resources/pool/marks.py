"""How a machine says that it is a member, and which one.

From its birth a clone has a working name, ``ahv-<hash of owner and place>-<slot>-<version>``: the calls that make
clones take no description. Then its description gets the owner mark and one line more:

    [pulumi-ahv shop/prod/agents pool-member 1f0c9a77e2 pool]
    [member 3 version 6d0f… payload 91ab…]

Prism tells neither the template version nor the payload of a machine, so that line is where they are read from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from pulumi_ahv.resources.mark import Mark

DIGEST_DIGITS = 32
NO_PAYLOAD = "none"
_CLAIM = "pool"
_MEMBER = re.compile(r"\[member (?P<slot>\d+) version (?P<version>\S+) payload (?P<payload>[0-9a-z]+)\]")
_WORKING = re.compile(r"-(?P<slot>\d+)-(?P<version>[0-9a-f]{8})\Z")


@dataclass(frozen=True)
class MemberLine:
    """What a description says of a member; ``payload`` is empty where there is none."""

    slot: int
    version: str
    payload: str


@dataclass(frozen=True)
class PoolMarks:
    """The marks of one pool. A pool elsewhere (``place``: connection and cluster) is another pool of the same owner."""

    owner: str
    place: tuple[str, ...]

    @property
    def mark(self) -> Mark:
        """The mark that all members carry."""
        return Mark.of(self.owner, "pool-member", differs_by=self.place, claim=_CLAIM)

    @property
    def prefix(self) -> str:
        """How working names begin."""
        return f"ahv-{sha256(self.mark.key.encode()).hexdigest()[:12]}-"

    @property
    def pool_id(self) -> str:
        """The id of the resource: there is no object in Prism that could lend its own."""
        return f"pool-{self.prefix[4:-1]}"

    def working_name(self, slot: int, version: str) -> str:
        """Name of a clone until it is marked."""
        return f"{self.prefix}{slot}-{short(version)}"

    def description(self, slot: int, version: str, payload: str) -> str:
        """Description of a member."""
        return f"{self.mark.write('')}\n[member {slot} version {version} payload {payload or NO_PAYLOAD}]"

    def is_marked(self, description: str) -> bool:
        """Whether a machine of this description is a member of this very pool."""
        return self.mark.is_same_object(Mark.read(description))

    def is_owned(self, description: str) -> bool:
        """Whether it is a member of this pool, here or elsewhere."""
        return self.mark.is_same_owner(Mark.read(description))

    def working_slot(self, name: str) -> tuple[int, str] | None:
        """Slot and shortened version out of a working name; ``None`` for any other name."""
        found = _WORKING.search(name) if name.startswith(self.prefix) else None
        return (int(found["slot"]), found["version"]) if found else None

    def disc(self, vm_uuid: str, digest: str) -> Mark:
        """The mark of the disc for one machine."""
        return Mark.of(self.owner, "pool-disc", differs_by=(*self.place, vm_uuid, digest), claim=_CLAIM)

    @property
    def disc_fragment(self) -> str:
        """What the descriptions of all discs of the owner hold."""
        return self.disc("", "").fragment.rpartition(" ")[0].rpartition(" ")[0] + " "

    @property
    def disc_prefix(self) -> str:
        """How the names of this pool's discs begin."""
        return f"{self.prefix}disc-"


def read_line(description: str) -> MemberLine | None:
    """What a description says of a member, or ``None``."""
    found = _MEMBER.search(description)
    if not found:
        return None
    payload = found["payload"]
    return MemberLine(int(found["slot"]), found["version"], "" if payload == NO_PAYLOAD else payload)


def short(version: str) -> str:
    """A template version in eight hexadecimal digits, for names."""
    return sha256(version.encode()).hexdigest()[:8]
