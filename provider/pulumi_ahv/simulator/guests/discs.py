"""What lies in the drives of a VM, as its guest sees it."""

from __future__ import annotations

import base64

from pulumi_ahv.simulator.guests.iso9660 import Disc, DiscError, read_disc
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record


def discs_of(site: Site, vm: Record) -> tuple[list[tuple[str, Disc]], list[str]]:
    """The readable discs with their kinds, in the order of the drives, and what could not be read of the others."""
    found, problems = [], []
    for drive in vm.body.get("cdRoms", ()):
        backing = drive.get("backingInfo")
        record = site.store.table("disks").get(backing["diskExtId"]) if backing else None
        if record is None:
            continue
        made = record.hidden["os"].get("disc")
        if made is not None:
            files = {name: base64.b64decode(data) for name, data in made["files"].items()}
            found.append((drive["isoType"], Disc(made["label"], files)))
        elif record.hidden["content"]:
            try:
                found.append((drive["isoType"], read_disc(site.store.disks / record.hidden["content"])))
            except DiscError as error:
                problems.append(f"{drive['diskAddress']['busType']}.{drive['diskAddress']['index']}: {error}")
    return found, problems
