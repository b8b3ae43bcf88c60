"""Lookups of what a site consists of: clusters, subnets, storage containers, categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.values import Cluster, Named, Product
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.resources.lookups.choosing import chosen, offer
from pulumi_ahv.schema.lookups import (
    GetCategoryArgs,
    GetCategoryResult,
    GetClusterArgs,
    GetClusterResult,
    GetStorageContainerArgs,
    GetStorageContainerResult,
    GetSubnetArgs,
    GetSubnetResult,
)


def cluster(site: Site, asked: GetClusterArgs) -> GetClusterResult:
    """The cluster of a name; without one, the connection's or the only one."""
    known = site.inventory.clusters()
    wanted = asked.name or site.info.cluster_uuid or (known[0].uuid if len(known) == 1 else "")
    if not wanted:
        advice = f"Name one of them. {offer('cluster', '', known)}"
        raise InputError("name", f"{site.info.product} at {site.info.url} has {len(known)} clusters", advice=advice)
    found = chosen("cluster", wanted, known, info=site.info)
    return GetClusterResult(uuid=found.uuid, name=found.name)


def subnet(site: Site, asked: GetSubnetArgs) -> GetSubnetResult:
    """The subnet of a name, on any cluster or on one."""
    clusters = _Clusters(site)
    wanted = clusters.uuid(asked.cluster)
    listed = cast("MachineSite", site).networks.subnets()  # every product serves machines, and so has networks
    known = [each for each in listed if not wanted or not each.cluster_uuids or wanted in each.cluster_uuids]
    found = chosen(
        "subnet",
        asked.name,
        known,
        info=site.info,
        beside=lambda each: clusters.told(*each.cluster_uuids),
        narrower="" if wanted else "cluster",
    )
    return GetSubnetResult(
        uuid=found.uuid, name=found.name, managed=found.managed, cluster_uuids=list(found.cluster_uuids)
    )


def storage_container(site: Site, asked: GetStorageContainerArgs) -> GetStorageContainerResult:
    """The storage container of a name, on one cluster or on any."""
    clusters = _Clusters(site)
    wanted = clusters.uuid(asked.cluster) or site.info.cluster_uuid
    known = [each for each in site.inventory.storage_containers() if wanted in ("", each.cluster_uuid)]
    found = chosen(
        "storage container",
        asked.name,
        known,
        info=site.info,
        beside=lambda each: clusters.told(each.cluster_uuid),
        narrower="" if wanted else "cluster",
    )
    return GetStorageContainerResult(uuid=found.uuid, name=found.name, cluster_uuid=found.cluster_uuid)


def category(site: Site, asked: GetCategoryArgs) -> GetCategoryResult:
    """The category of a key and a value; what exists of the key, or else which keys exist, when there is none."""
    info, inventory = site.info, site.inventory
    if info.product is not Product.CENTRAL:
        said = f"{info.url} is a {info.product}, which has no categories"
        raise InputError("key", said, advice="Use a connection to a Prism Central.")
    found = inventory.category(asked.key, asked.value)
    if found:
        return GetCategoryResult(uuid=found.uuid, name=f"{found.key}:{found.value}")
    place = f"{info.product} at {info.url}"
    values = [Named(each.uuid, each.value) for each in inventory.categories(asked.key)]
    if values:
        said = f"{place} has no value {asked.value!r} of the category key {asked.key!r}"
        raise InputError("value", said, advice=offer("value", asked.value, values))
    keys = {each.key: Named(each.uuid, each.key) for each in inventory.categories()}
    said = f"{place} has no category with the key {asked.key!r}"
    raise InputError("key", said, advice=offer("category", asked.key, keys.values()))


@dataclass(frozen=True)
class _Clusters:
    """The clusters of a site, by name and for messages."""

    site: Site

    def uuid(self, wanted: str | None) -> str:
        """UUID of the cluster of this name; empty for none."""
        if wanted is None:
            return ""
        return chosen("cluster", wanted, self.site.inventory.clusters(), info=self.site.info, path="cluster").uuid

    def told(self, *uuids: str) -> str:
        """How a message names these clusters."""
        known: dict[str, Cluster] = {each.uuid: each for each in self.site.inventory.clusters()}
        names = [repr(known[uuid].name) if uuid in known else uuid for uuid in uuids]
        return f"(cluster {', '.join(names)})" if names else ""
