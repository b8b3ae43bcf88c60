"""Whose a working name is: machines are born under names that are hashes of their owner, before they get a mark.

A hash cannot be turned back. So the hashes of every owner that is known are worked out, for every place where he may
have a pool, and what is left over belongs to somebody who is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from pulumi_ahv.prism.vms import Vm
from pulumi_ahv.resources.mark import printable
from pulumi_ahv.resources.pool.marks import PoolMarks, read_line
from pulumi_ahv.resources.template_vm.records import working_prefix

_WORKING = re.compile(r"ahv-(?:[0-9a-f]{12}|template-[0-9a-f]{10})-|ahv-update-[0-9a-f]{8}-")


def is_working_name(name: str) -> bool:
    """Whether a machine of this name is, or was, on its way to become something else."""
    return _head(name) != ""


@dataclass(frozen=True)
class Owners:
    """Owners that are known: what each may have on one site, and the heads of working names that are his."""

    pools: tuple[PoolMarks, ...]
    members: Mapping[str, str]
    templates: Mapping[str, str]

    @classmethod
    def of(cls, owners: Iterable[str], connections: Iterable[str], clusters: Iterable[str]) -> Owners:
        """Every owner at every place; a pool that names no connection or cluster has an empty one."""
        places = list(product(dict.fromkeys(("", *connections)), dict.fromkeys(("", *clusters))))
        known = list(dict.fromkeys(owners))
        pools = tuple(PoolMarks(owner, place) for owner in known for place in places)
        return cls(
            pools,
            {marks.prefix: marks.owner for marks in pools},
            {working_prefix(printable(owner)): owner for owner in known},
        )

    def of_member(self, name: str) -> str | None:
        """The owner of a machine that is to become a member of a pool, or that members are cloned from."""
        return self.members.get(_head(name))

    def of_building(self, name: str) -> str | None:
        """The owner of a machine that is to become a template, or a version of one."""
        return self.templates.get(_head(name))

    def disc_keys(self, vm: Vm) -> list[str]:
        """Keys under which the disc of a marked machine may have been uploaded."""
        line = read_line(vm.description)
        if line is None or not line.payload:
            return []
        return [marks.disc(vm.uuid, line.payload).key for marks in self.pools if marks.is_marked(vm.description)]


def _head(name: str) -> str:
    """The part of a working name that is its owner's; empty for any other name."""
    found = _WORKING.match(name)
    return found[0] if found else ""
