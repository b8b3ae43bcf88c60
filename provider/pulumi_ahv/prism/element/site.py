"""One Prism Element, put together: transport, task poller and what can be done with them."""

from __future__ import annotations

from dataclasses import replace

from pulumi_ahv.kernel.errors import ConfigError
from pulumi_ahv.prism.element.api import VERSIONS, Api
from pulumi_ahv.prism.element.guest_tools import ElementGuestTools
from pulumi_ahv.prism.element.images import ElementImages
from pulumi_ahv.prism.element.inventory import ElementInventory
from pulumi_ahv.prism.element.networks import ElementNetworks
from pulumi_ahv.prism.element.tasks import ElementTasks
from pulumi_ahv.prism.element.templates import ElementTemplates
from pulumi_ahv.prism.element.vm_births import VmBirths
from pulumi_ahv.prism.element.vm_clones import VmClones
from pulumi_ahv.prism.element.vm_many import Many
from pulumi_ahv.prism.element.vms import ElementVms
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.transport import Transport
from pulumi_ahv.prism.values import Cluster, SiteInfo


class ElementSite:
    """``MachineSite`` of a Prism Element: one cluster, spoken to directly."""

    def __init__(self, transport: Transport, info: SiteInfo, cluster: Cluster) -> None:
        self._transport = transport
        self._info = replace(info, api=dict(VERSIONS), cluster_uuid=cluster.uuid)
        _check_cluster(transport, cluster)
        api = Api(transport)
        tasks = ElementTasks(api)
        self._inventory = ElementInventory(api, cluster)
        poller = TaskPoller(tasks, clock=transport.clock)
        self._images = ElementImages(api, poller, tasks, self._inventory)
        many = Many(api, poller)
        clones = VmClones(api, poller, many, self._inventory)
        self._vms = ElementVms(api, many, VmBirths(api, poller, self._images, cluster), clones, cluster)
        self._templates = ElementTemplates(api, poller, many, clones)
        self._guest_tools = ElementGuestTools(api, poller)
        self._networks = ElementNetworks(api, cluster)

    @property
    def info(self) -> SiteInfo:
        """What was found out when the connection was made."""
        return self._info

    @property
    def images(self) -> ElementImages:
        """Its images."""
        return self._images

    @property
    def inventory(self) -> ElementInventory:
        """Its cluster and storage containers."""
        return self._inventory

    @property
    def vms(self) -> ElementVms:
        """Its machines."""
        return self._vms

    @property
    def templates(self) -> ElementTemplates:
        """Its templates: machines with snapshots."""
        return self._templates

    @property
    def guest_tools(self) -> ElementGuestTools:
        """The guest tools of its machines."""
        return self._guest_tools

    @property
    def networks(self) -> ElementNetworks:
        """Its networks."""
        return self._networks

    def close(self) -> None:
        """Give the kept connections back."""
        self._transport.close()


def _check_cluster(transport: Transport, cluster: Cluster) -> None:
    """See that the cluster which the settings name is the one that answers."""
    connection = transport.connection
    if connection.cluster in {"", cluster.name, cluster.uuid}:
        return
    raise ConfigError(
        f"Looking for cluster '{connection.cluster}'",
        said=f"{connection.url} is the Prism Element of cluster '{cluster.name}' ({cluster.uuid})",
        advice=f"Correct {connection.key('cluster')} or leave it out, or give the address of the other cluster.",
    )
