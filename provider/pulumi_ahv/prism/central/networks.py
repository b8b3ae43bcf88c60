"""Subnets of Prism Central (``networking/config/subnets``), read only; kept for some seconds as the inventory is.

Facts (api-v4, sections 1.3 and 7): a VLAN subnet names its cluster in ``clusterReference``, from v4.1 on several in
``clusterReferenceList``; a subnet with address pools in ``ipConfig`` is managed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.prism.central.api import Api, Collection
from pulumi_ahv.prism.recent import Recent
from pulumi_ahv.prism.vms import Subnet

SUBNETS = Collection("networking", "config/subnets", "subnet")


class CentralNetworks:
    """``Networks`` of one Prism Central."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._subnets = Recent(self._read, api.transport.clock)

    def subnets(self) -> list[Subnet]:
        """Every subnet that this account may see."""
        return self._subnets.get()

    def _read(self) -> list[Subnet]:
        return [_subnet(data) for data in self._api.entries(SUBNETS, doing="Listing subnets")]


def _subnet(data: Mapping[str, Any]) -> Subnet:
    clusters = data.get("clusterReferenceList") or [data.get("clusterReference")]
    configs = [config["ipv4"] for config in data.get("ipConfig") or () if config.get("ipv4")]
    managed = any(config.get("poolList") for config in configs)
    named = tuple(str(cluster) for cluster in clusters if cluster)
    prefixes = tuple(prefix for config in configs if (prefix := _prefix(config.get("ipSubnet") or {})))
    return Subnet(str(data.get("extId", "")), str(data.get("name", "")), named, managed=managed, prefixes=prefixes)


def _prefix(told: Mapping[str, Any]) -> str:
    address = (told.get("ip") or {}).get("value")
    return f"{address}/{told['prefixLength']}" if address and "prefixLength" in told else ""
