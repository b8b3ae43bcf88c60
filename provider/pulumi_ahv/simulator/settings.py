"""What a site can be told when it is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

NAMESPACES = ("vmm", "prism", "clustermgmt", "networking", "dataprotection", "volumes")


@dataclass(frozen=True)
class Release:
    """A release of Prism Central: what it calls itself, and the newest minor of each namespace."""

    product: str
    minors: dict[str, int]
    aos: str


# api-v4, section 1.1. The last row is marked there as inferred.
RELEASES = {
    "v4.0": Release("pc.2024.3.1.1", dict.fromkeys(NAMESPACES, 0), "7.0.1"),
    "v4.1": Release("pc.7.3.1", dict.fromkeys(NAMESPACES, 1), "7.3.1"),
    "v4.2": Release("pc.7.5", dict.fromkeys(NAMESPACES, 2), "7.5"),
    "v4.3": Release(
        "pc.7.6",
        {"vmm": 3, "clustermgmt": 3, "volumes": 3, "prism": 4, "networking": 4, "dataprotection": 4},
        "7.6",
    ),
}


@dataclass(frozen=True)
class Settings:
    """How a site behaves. All of it can be set from the command line or by ``running``.

    ``pace`` multiplies every duration. ``reads_before_end`` is the number of looks at a task that never show it ended.
    ``late_checks`` takes calls with unknown clusters, subnets or images and fails their tasks, as newer releases do.
    ``elements`` gives each cluster of a Central its Prism Element, on a port of its own.
    ``odd_entities`` names entities in tasks on VMs twice, and the cluster before them, as has been seen on busy sites.
    ``hidden_failures`` lets a task end well whose subtasks failed; whether deployments and batches of a real site do is
    not known.
    ``if_match_status`` answers a missing ``If-Match``; which status a real site uses is not known.
    """

    version: str = "v4.3"
    product: str = "central"
    elements: bool = False
    username: str = "admin"
    password: str = "nutanix/4u"  # noqa: S105 - the well-known default of a site that holds nothing real
    api_key: str = "sim-api-key-0123456789abcdef0123"
    seed: int = 1
    pace: float = 1.0
    reads_before_end: int = 1
    rate_limits: bool = False
    late_checks: bool = False
    odd_entities: bool = True
    hidden_failures: bool = False
    if_match: bool = True
    if_match_status: int = 428
    session_seconds: float = 900.0
    fetch_anywhere: bool = False
    state: Path | None = None
    inventory: dict[str, int] = field(default_factory=dict)

    @property
    def release(self) -> Release:
        """The release that this site plays."""
        return RELEASES[self.version]
