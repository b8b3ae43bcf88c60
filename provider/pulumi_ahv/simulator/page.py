"""``/_sim/page``: what the site holds, as a page that renews itself every two seconds."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, Template

from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

_MOST_VMS, _MOST_TASKS, _MOST_REQUESTS = 200, 30, 30


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
        images=[_image(record, names) for record in site.store.table("images")],
        templates=[_versioned(site, record) for record in site.store.table("templates")],
        vms=[_vm(site, record, names) for record in list(site.store.table("vms"))[:_MOST_VMS]],
        tasks=[_task(site, record) for record in list(site.store.table("tasks"))[: -_MOST_TASKS - 1 : -1]],
        faults=site.injector.rules(),
        requests=site.journal.entries()[: -_MOST_REQUESTS - 1 : -1],
    )


def _cluster(site: Site, record: Record) -> dict[str, Any]:
    vms = sum(vm.body["cluster"]["extId"] == record.ext_id for vm in site.store.table("vms"))
    config = record.body["config"]
    return {"name": record.body["name"], "function": config["clusterFunction"][0], "vms": vms}


def _image(record: Record, names: dict[str, str]) -> dict[str, Any]:
    body = record.body
    places = [names.get(each, each) for each in body["clusterLocationExtIds"]]
    return {"name": body["name"], "type": body["type"], "size": body["sizeBytes"], "clusters": ", ".join(places)}


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
    problem = next((each["message"] for each in view.get("errorMessages", [])), "")
    return {
        "operation": view["operation"],
        "status": view["status"],
        "share": view.get("progressPercentage", 0),
        "names": ", ".join(each.get("name", "") for each in view.get("entitiesAffected", [])[:3]),
        "problem": problem,
    }
