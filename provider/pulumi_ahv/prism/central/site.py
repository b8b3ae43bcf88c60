"""One Prism Central, put together: transport, versions, task poller and what can be done with them."""

from __future__ import annotations

from dataclasses import replace

from pulumi_ahv.kernel.errors import ConfigError
from pulumi_ahv.prism.central.api import Api
from pulumi_ahv.prism.central.images import CentralImages
from pulumi_ahv.prism.central.inventory import CentralInventory
from pulumi_ahv.prism.central.objects import ObjectsLite
from pulumi_ahv.prism.central.tasks import CentralTasks
from pulumi_ahv.prism.dispatch import Dispatcher
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.transport import Transport
from pulumi_ahv.prism.values import Cluster, SiteInfo


class CentralSite:
    """``Site`` of a Prism Central that serves the v4 API."""

    def __init__(self, transport: Transport, info: SiteInfo) -> None:
        self._transport = transport
        self._info = info
        self._api = Api(transport)
        poller = TaskPoller(CentralTasks(self._api), clock=transport.clock)
        self._inventory = CentralInventory(self._api)
        self._images = CentralImages(self._api, poller, Dispatcher(transport, poller), ObjectsLite(transport))
        if wanted := transport.connection.cluster:
            self._info = replace(info, cluster_uuid=self._only_cluster(wanted).uuid)

    @property
    def info(self) -> SiteInfo:
        """What was found out so far; ``api`` fills as namespaces are used."""
        return replace(self._info, api=self._api.versions())

    @property
    def images(self) -> CentralImages:
        """Its images."""
        return self._images

    @property
    def inventory(self) -> CentralInventory:
        """Its clusters, storage containers and categories."""
        return self._inventory

    def close(self) -> None:
        """Give the kept connections back."""
        self._transport.close()

    def _only_cluster(self, name: str) -> Cluster:
        """The cluster that the settings name, by name or id."""
        clusters = self._inventory.clusters()
        found = [cluster for cluster in clusters if name in {cluster.name, cluster.uuid}]
        if len(found) == 1:
            return found[0]
        key = self._transport.connection.key("cluster")
        listed = "; ".join(f"'{cluster.name}' ({cluster.uuid})" for cluster in found or clusters) or "none"
        if found:
            said = f"{len(found)} clusters of {self._info.url} have this name: {listed}"
            raise ConfigError(f"Looking for cluster '{name}'", said=said, advice=f"Set {key} to the id of one of them.")
        said = f"{self._info.url} has no such cluster; it has {listed}"
        raise ConfigError(f"Looking for cluster '{name}'", said=said, advice=f"Correct {key}.")
