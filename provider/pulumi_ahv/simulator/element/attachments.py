"""Which volume groups hang on a machine, for who shows and who deletes machines. Central has the same groups."""

from __future__ import annotations

from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

TABLE = "volume-groups"
FIRST_INDEX = 64
"""Groups come behind a machine's own disks on its SCSI bus; that they leave room for them is assumed."""


def attached_to(site: Site, vm: str) -> list[tuple[Record, int]]:
    """The groups of a machine, each with its place on the bus."""
    return [
        (group, each["index"])
        for group in site.store.table(TABLE)
        for each in group.body["attachment_list"]
        if each.get("vm_uuid") == vm
    ]
