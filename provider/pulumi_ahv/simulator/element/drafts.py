"""Where the images of an Element are found: those with content beside Central's own, and those that wait for it.

An image without content is a thing of one Element: Central would not list it. It lies in a table of its own and moves
to the common one, under the same id, when its content has come.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.element.calls import Element
from pulumi_ahv.simulator.element.cluster import containers_of
from pulumi_ahv.simulator.images import CONTAINER, REL
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

IMAGES, DRAFTS = "images", "element-images"
__all__ = ["DRAFTS", "IMAGES", "REL"]


def images_of(element: Element) -> list[Record]:
    """Every image that this Element shows, oldest first."""
    store = element.site.store
    whole = [each for each in store.table(IMAGES) if element.cluster in each.body["clusterLocationExtIds"]]
    return whole + [each for each in store.table(DRAFTS) if each.hidden["cluster"] == element.cluster]


def find(element: Element, uuid: str) -> Record | None:
    """One of them."""
    record = element.site.store.table(IMAGES).get(uuid)
    if record is not None:
        return record if element.cluster in record.body["clusterLocationExtIds"] else None
    return draft_of(element, uuid)


def draft_of(element: Element, uuid: str) -> Record | None:
    """One that has no content yet."""
    record = element.site.store.table(DRAFTS).get(uuid)
    return record if record is not None and record.hidden["cluster"] == element.cluster else None


def keep_draft(site: Site, arguments: dict[str, Any]) -> Record:
    """Begin an image without content."""
    values = dict(arguments["values"])
    checksum = values.pop("checksum", None)
    now = int(site.timeline.now() * 1_000_000)
    hidden = {"cluster": arguments["cluster"], "created": now, "updated": now, "checksum": checksum}
    return site.store.table(DRAFTS).add(arguments["id"], values, **hidden)


def is_settled(site: Site, record: Record) -> bool:
    """Whether the image has content, and the moment is over for which it does not look so."""
    return "extId" in record.body and site.timeline.now() >= record.hidden.get("settled", 0.0)


def container_of(element: Element, what: Record | str) -> Record | None:
    """The storage container of an image on this cluster, or the one of a name, a UUID or ``<cluster>::<number>``."""
    known = containers_of(element)
    wanted = what.hidden.get("containers", {}).get(element.cluster, CONTAINER) if isinstance(what, Record) else what
    if "::" in wanted:
        number = wanted.rpartition("::")[2]
        return known[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(known) else None
    return next((each for each in known if wanted in {each.ext_id, each.body["name"]}), None)


def vm_disk_of(element: Element, record: Record) -> str:
    """The id of the disk that clones of an image are made from; each cluster has its own copy."""
    return element.site.named_id("vmdisk", f"{record.ext_id}/{element.cluster}")
