"""Networks of a Prism Element, read only; a managed one hands out addresses (``ipam_enabled``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.recent import Recent
from pulumi_ahv.prism.values import Cluster
from pulumi_ahv.prism.vms import Subnet


class ElementNetworks:
    """``Networks`` of one Prism Element."""

    def __init__(self, api: Api, cluster: Cluster) -> None:
        self._api = api
        self._cluster = cluster
        self._subnets = Recent(self._read, api.transport.clock)

    def subnets(self) -> list[Subnet]:
        """Every network of the cluster."""
        return self._subnets.get()

    def _read(self) -> list[Subnet]:
        return [
            Subnet(
                str(one.get("uuid") or ""),
                str(one.get("name") or ""),
                (self._cluster.uuid,),
                managed=bool((one.get("ip_config") or {}).get("ipam_enabled")),
                prefixes=_prefixes(one.get("ip_config") or {}),
            )
            for one in self._api.entities("/networks", doing="Listing networks")
        ]


def _prefixes(told: Mapping[str, Any]) -> tuple[str, ...]:
    address, length = told.get("network_address"), told.get("prefix_length")
    return (f"{address}/{length}",) if address and length else ()
