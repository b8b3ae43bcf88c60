"""``OPTIONS /api/<namespace>/unversioned/info``: which minor a client should speak (api-v4, section 9.1)."""

from __future__ import annotations

from pulumi_ahv.simulator.answers import Reply
from pulumi_ahv.simulator.routing import Call, Route
from pulumi_ahv.simulator.settings import NAMESPACES
from pulumi_ahv.simulator.site import Site


def _info(site: Site, call: Call) -> Reply:
    namespace = call.path.split("/")[2]
    return Reply(f"v4.{site.settings.release.minors[namespace]}")


ROUTES = tuple(
    Route(
        "OPTIONS", name, "unversioned/info", f"{name}_version_info", _info, "api-v4 §9.1", f"{name}.v4.InfoApiResponse"
    )
    for name in NAMESPACES
)
