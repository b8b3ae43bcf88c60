"""Clusters, storage containers and categories of Prism Central, and the names of what is kept there.

Lists of clusters and containers are kept for some seconds, because a run with many images asks for them once per
image; a category is kept once it was found, because its id never changes. A miss is never kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.prism.central.api import Api, Collection, quoted
from pulumi_ahv.prism.central.image_bodies import IMAGES
from pulumi_ahv.prism.central.vm_deployments import TEMPLATES
from pulumi_ahv.prism.interface import Kind
from pulumi_ahv.prism.recent import Recent
from pulumi_ahv.prism.values import Category, Cluster, Named, StorageContainer

CLUSTERS = Collection("clustermgmt", "config/clusters", "cluster")
CONTAINERS = Collection("clustermgmt", "config/storage-containers", "storage container")
CATEGORIES = Collection("prism", "config/categories", "category")
_NAMED = {"image": (IMAGES, "name"), "template": (TEMPLATES, "templateName")}


class CentralInventory:
    """``Inventory`` of one Prism Central."""

    def __init__(self, api: Api) -> None:
        self._api = api
        clock = api.transport.clock
        self._clusters = Recent(self._read_clusters, clock)
        self._containers = Recent(self._read_containers, clock)
        self._categories: dict[tuple[str, str], Category] = {}

    def clusters(self) -> list[Cluster]:
        """AOS clusters; never Prism Central itself, which is in the same list."""
        return self._clusters.get()

    def storage_containers(self) -> list[StorageContainer]:
        """Storage containers of all clusters."""
        return self._containers.get()

    def category(self, key: str, value: str) -> Category | None:
        """One category by key and value, or ``None``."""
        if (key, value) not in self._categories:
            wanted = f"key eq {quoted(key)} and value eq {quoted(value)}"
            doing = f"Looking for the category {key}={value}"
            for data in self._api.entries(CATEGORIES, doing=doing, filter_by=wanted):
                found = _category(data)
                if (found.key, found.value) == (key, value):
                    self._categories[key, value] = found
        return self._categories.get((key, value))

    def category_by_uuid(self, uuid: str) -> Category | None:
        """The same, by its id."""
        entity = self._api.get(CATEGORIES, uuid, doing=f"Reading category {uuid}")
        return _category(entity.data) if entity else None

    def categories(self, key: str = "") -> list[Category]:
        """Every category, or those of one key."""
        doing = f"Listing categories of the key {key}" if key else "Listing categories"
        wanted = f"key eq {quoted(key)}" if key else ""
        found = [_category(data) for data in self._api.entries(CATEGORIES, doing=doing, filter_by=wanted)]
        return [category for category in found if key in ("", category.key)]

    def everything(self, kind: Kind) -> list[Named]:
        """Everything of a kind, by name."""
        where, field = _NAMED[kind]
        listed = self._api.entries(where, doing=f"Listing {kind}s")
        return [Named(_text(data, "extId"), _text(data, field)) for data in listed]

    def _read_clusters(self) -> list[Cluster]:
        return aos_clusters(self._api.entries(CLUSTERS, doing="Listing clusters"))

    def _read_containers(self) -> list[StorageContainer]:
        listed = self._api.entries(CONTAINERS, doing="Listing storage containers")
        return [
            StorageContainer(_text(data, "containerExtId"), _text(data, "name"), _text(data, "clusterExtId"))
            for data in listed
        ]


def aos_clusters(listed: Any) -> list[Cluster]:
    """The clusters of a list that run machines."""
    return [Cluster(_text(data, "extId"), _text(data, "name")) for data in listed if not _is_central(data)]


def _is_central(data: Mapping[str, Any]) -> bool:
    return "PRISM_CENTRAL" in ((data.get("config") or {}).get("clusterFunction") or ())


def _category(data: Mapping[str, Any]) -> Category:
    return Category(_text(data, "extId"), _text(data, "key"), _text(data, "value"))


def _text(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name) or "")
