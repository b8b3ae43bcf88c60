"""How a machine says that it is a member, and which one.

From its birth a clone has a working name, ``ahv-<hash of owner and place>-<version>-<number>``: the calls that make
clones take no description. It ends in a number of three digits or more, counted from 1, because so do the names that
one call for many clones makes (api-v4, section 6.7). The seed, a machine that others are cloned from, says ``seed`` in
the place of the version, and ends in that. Then the description of a clone gets the owner mark and one line more:

    [pulumi-ahv shop/prod/agents pool-member 1f0c9a77e2 pool]
    [member 3 version 6d0f… payload 91ab… born 2]

Prism tells neither the template version nor the payload of a machine, so that line is where they are read from. Its end
is the age of the slot: the number of the growth of the pool that filled it. A count needs no clock, so that ``check``
can tell beforehand who goes when the pool shrinks; in the description it survives a state that is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from pulumi_ahv.resources.mark import Mark

DIGEST_DIGITS = 32
NO_PAYLOAD = "none"
_CLAIM = "pool"
_MEMBER = re.compile(
    r"\[member (?P<slot>\d+) version (?P<version>\S+) payload (?P<payload>[0-9a-z]+) born (?P<born>\d+)\]"
)
_WORKING = re.compile(r"(?P<version>[0-9a-f]{8})\D?(?P<number>\d{3,})")
_SEED = "seed-"


@dataclass(frozen=True)
class MemberLine:
    """What a description says of a member; ``payload`` is empty where there is none."""

    slot: int
    version: str
    payload: str
    born: int


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
        return f"{self.prefix}{short(version)}-{slot + 1:03}"

    def seed_name(self, version: str) -> str:
        """Name of the seed of a template version."""
        return f"{self.prefix}{_SEED}{short(version)}"

    def is_seed(self, name: str) -> bool:
        """Whether a machine of this name is a seed of this pool."""
        return name.startswith(self.prefix + _SEED)

    def description(self, slot: int, version: str, payload: str, born: int = 1) -> str:
        """Description of a member."""
        line = f"[member {slot} version {version} payload {payload or NO_PAYLOAD} born {born}]"
        return f"{self.mark.write('')}\n{line}"

    def is_marked(self, description: str) -> bool:
        """Whether a machine of this description is a member of this very pool."""
        return self.mark.is_same_object(Mark.read(description))

    def is_owned(self, description: str) -> bool:
        """Whether it is a member of this pool, here or elsewhere."""
        return self.mark.is_same_owner(Mark.read(description))

    def is_working_name(self, name: str) -> bool:
        """Whether a machine of this name was made for this pool and is not marked yet."""
        return self.working_slot(name) is not None or self.is_seed(name)

    def working_slot(self, name: str) -> tuple[int, str] | None:
        """Slot and shortened version out of a working name; ``None`` for any other name."""
        found = _WORKING.fullmatch(name.removeprefix(self.prefix)) if name.startswith(self.prefix) else None
        return (int(found["number"]) - 1, found["version"]) if found else None

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
    return MemberLine(
        int(found["slot"]), found["version"], "" if payload == NO_PAYLOAD else payload, int(found["born"])
    )


def short(version: str) -> str:
    """A template version in eight hexadecimal digits, for names."""
    return sha256(version.encode()).hexdigest()[:8]
