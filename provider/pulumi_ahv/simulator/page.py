"""``/_sim/page``: what the site holds, newest first, as a page that renews itself every two seconds.

The page asks for itself and takes over the parts that have changed, so that it neither flickers nor jumps; where
scripts are off it is loaded anew. It asks for nothing else: a browser's favicon would stand in the journal.
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

from jinja2 import Environment, PackageLoader, Template
from jinja2.filters import do_filesizeformat

from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record, Table

_MOST_ENTITIES, _MOST_LINES, _MOST_NAMES = 200, 30, 3


@cache
def _template() -> Template:
    package, _, _ = __name__.rpartition(".")
    loader = PackageLoader(package, package_path="")
    return Environment(loader=loader, autoescape=True).get_template("page.html")


def page(site: Site) -> str:
    """The page as HTML."""
    names = {record.ext_id: record.body["name"] for record in site.store.table("clusters")}
    return _template().render(
        site=site.describe(),
        clusters=[_cluster(site, record) for record in site.store.table("clusters")],
        images=[_image(record, names) for record in _newest(site.store.table("images"), _MOST_ENTITIES)],
        templates=[_versioned(site, record) for record in _newest(site.store.table("templates"), _MOST_ENTITIES)],
        vms=[_vm(site, record, names) for record in _newest(site.store.table("vms"), _MOST_ENTITIES)],
        tasks=[_task(site, record) for record in _newest(site.store.table("tasks"), _MOST_LINES)],
        faults=site.injector.rules(),
        requests=[_request(entry) for entry in site.journal.entries()[: -_MOST_LINES - 1 : -1]],
    )


def _newest(table: Table, most: int) -> list[Record]:
    return list(islice(reversed(list(table)), most))


def _cluster(site: Site, record: Record) -> dict[str, Any]:
    vms = sum(vm.body["cluster"]["extId"] == record.ext_id for vm in site.store.table("vms"))
    config = record.body["config"]
    return {"name": record.body["name"], "function": config["clusterFunction"][0], "vms": vms}


def _image(record: Record, names: dict[str, str]) -> dict[str, Any]:
    body = record.body
    places = [names.get(each, each) for each in body["clusterLocationExtIds"]]
    size = do_filesizeformat(body["sizeBytes"], binary=True)
    return {"name": body["name"], "type": body["type"], "size": size, "clusters": ", ".join(places)}


def _versioned(site: Site, record: Record) -> dict[str, Any]:
    versions = [each for each in site.store.table("template-versions") if each.hidden["template"] == record.ext_id]
    active = next((each.body["versionName"] for each in versions if each.ext_id == record.hidden["active"]), "")
    return {"name": record.body["templateName"], "active": active, "versions": len(versions)}


def _vm(site: Site, record: Record, names: dict[str, str]) -> dict[str, Any]:
    body = record.body
    guest = site.store.table("guests").get(record.ext_id)
    found = guest.body if guest is not None else {}
    return {
        "name": body["name"],
        "cluster": names.get(body["cluster"]["extId"], ""),
        "power": body["powerState"],
        "guest": found.get("state", "off"),
        "host": found.get("hostname", ""),
        "addresses": ", ".join(found.get("addresses", [])),
    }


def _task(site: Site, record: Record) -> dict[str, Any]:
    view = site.engine.view(record, count=False)
    named = (each.get("name", "") for each in view.get("entitiesAffected", []))
    names = dict.fromkeys(name for name in named if name)  # the odd entities of a busy site are shown once
    problem = next((each["message"] for each in view.get("errorMessages", [])), "")
    return {
        "operation": view["operation"],
        "status": view["status"],
        "percent": view.get("progressPercentage", 0),
        "names": ", ".join(islice(names, _MOST_NAMES)) + (", …" if len(names) > _MOST_NAMES else ""),
        "problem": problem,
    }


def _request(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "time": entry["time"].partition("T")[2].partition(".")[0]}
