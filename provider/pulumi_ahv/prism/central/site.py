"""One Prism Central, put together: transport, versions, task poller and what can be done with them."""

from __future__ import annotations

from dataclasses import replace

from pulumi_ahv.kernel.errors import ConfigError
from pulumi_ahv.prism.central.api import Api
from pulumi_ahv.prism.central.batches import Batches
from pulumi_ahv.prism.central.guest_tools import CentralGuestTools
from pulumi_ahv.prism.central.image_bulk import ImageBulk
from pulumi_ahv.prism.central.images import CentralImages
from pulumi_ahv.prism.central.inventory import CentralInventory
from pulumi_ahv.prism.central.networks import CentralNetworks
from pulumi_ahv.prism.central.objects import ObjectsLite
from pulumi_ahv.prism.central.tasks import CentralTasks
from pulumi_ahv.prism.central.templates import CentralTemplates
from pulumi_ahv.prism.central.vm_births import VmBirths
from pulumi_ahv.prism.central.vm_bulk import VmBulk
from pulumi_ahv.prism.central.vm_clones import VmClones
from pulumi_ahv.prism.central.vm_deployments import VmDeployments
from pulumi_ahv.prism.central.vms import CentralVms
from pulumi_ahv.prism.dispatch import Dispatcher
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.transport import Transport
from pulumi_ahv.prism.values import Cluster, SiteInfo


class CentralSite:
    """``MachineSite`` of a Prism Central that serves the v4 API."""

    def __init__(self, transport: Transport, info: SiteInfo) -> None:
        self._transport = transport
        self._info = info
        self._api = Api(transport)
        tasks = CentralTasks(self._api)
        poller = TaskPoller(tasks, clock=transport.clock)
        dispatcher = Dispatcher(transport, poller)
        self._inventory = CentralInventory(self._api)
        batches = Batches(self._api, poller)
        objects = ObjectsLite(transport)
        images = ImageBulk(self._api, batches, tasks, objects)
        self._images = CentralImages(self._api, poller, dispatcher, objects, images)
        bulk = VmBulk(self._api, dispatcher, batches, tasks)
        births = VmBirths(self._api, poller, tasks, dispatcher)
        self._vms = CentralVms(self._api, bulk, births, VmClones(self._api, births, batches))
        deployments = VmDeployments(self._api, births, tasks)
        self._templates = CentralTemplates(self._api, poller, dispatcher, deployments)
        self._guest_tools = CentralGuestTools(self._api, poller, bulk)
        self._networks = CentralNetworks(self._api)
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

    @property
    def vms(self) -> CentralVms:
        """Its machines."""
        return self._vms

    @property
    def templates(self) -> CentralTemplates:
        """Its templates."""
        return self._templates

    @property
    def guest_tools(self) -> CentralGuestTools:
        """The guest tools of its machines."""
        return self._guest_tools

    @property
    def networks(self) -> CentralNetworks:
        """Its subnets."""
        return self._networks

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
