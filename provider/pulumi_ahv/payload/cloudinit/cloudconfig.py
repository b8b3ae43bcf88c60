"""Checks a cloud-config document: the keys cloud-init takes, their types, and what is deprecated."""

from __future__ import annotations

import yaml

from pulumi_ahv.payload.cloudinit import keys_agents as agents
from pulumi_ahv.payload.cloudinit import keys_software as software
from pulumi_ahv.payload.cloudinit import keys_system as system
from pulumi_ahv.payload.cloudinit.checker import check, problem
from pulumi_ahv.payload.cloudinit.shapes import Table
from pulumi_ahv.payload.cloudinit.yamltext import parse
from pulumi_ahv.payload.findings import Problem

CLOUD_CONFIG = Table(
    {
        **system.HOST,
        **system.ACCESS,
        **system.FILES,
        **system.COMMANDS,
        **system.CLOUD_INIT_ITSELF,
        **software.STORAGE,
        **software.PACKAGES,
        **agents.CONFIGURATION_SYSTEMS,
        **agents.VENDORS,
    },
    old=software.OLD_KEYS,
)


def check_cloud_config(text: str) -> list[Problem]:
    """Everything wrong with a cloud-config text, header line and all."""
    document = parse(text)
    found = list(document.problems)
    if document.root is None:
        return found
    if not isinstance(document.root, yaml.MappingNode):
        return [
            *found,
            problem(document.root, "wrong-type", "a cloud-config is a mapping of keys; cloud-init skips this"),
        ]
    return [*found, *check(document.root, CLOUD_CONFIG)]
