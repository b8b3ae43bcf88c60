"""Categories (api-v4, section 3): the one family without tasks. 201, 200 and 204 at once; one entity per key and value.

Assumed: the same pair twice is a 409, a key that changes is a 400, a category in use is not deleted; system
categories can be read and assigned but not changed.
"""

from __future__ import annotations

import re
from typing import Any

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.routing import Call, Route
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

TYPE = "prism.v4.config.Category"
_SECTION = "api-v4 §3"
_FORBIDDEN = re.compile(r"[/,!\"#%'()*+:;=?\\|\[\]^&]|^\$")
_LIST = Listing(
    filters={"extId", "key", "value", "type", "ownerUuid"},
    orders={"key", "value"},
    expands={"associations", "detailedAssociations"},
)


def check_known(site: Site, ext_ids: list[str]) -> None:
    """See that all of these are categories.

    Raises:
        Refusal: one is not.
    """
    for ext_id in ext_ids:
        if site.store.table("categories").get(ext_id) is None:
            arguments = {"argument_key": "categoryExtIds", "argument_value": ext_id}
            text = f"The category {ext_id} does not exist."
            raise Refusal(400, "VMM-30102", text, group="VM_INVALID_ARGUMENT", arguments=arguments)


def add_category(site: Site, ext_id: str, key: str, value: str, *, kind: str = "USER") -> Record:
    """Put a category into the store."""
    body = {"extId": ext_id, "key": key, "value": value, "type": kind, "ownerUuid": site.admin_id}
    return site.store.table("categories").add(ext_id, body)


def _holders(site: Site, ext_id: str) -> dict[str, list[str]]:
    """The ids of what carries a category, by ``ResourceType``."""
    images = [each.ext_id for each in site.store.table("images") if ext_id in each.body.get("categoryExtIds", ())]
    vms = [each.ext_id for each in site.store.table("vms") if {"extId": ext_id} in each.body.get("categories", ())]
    return {kind: ids for kind, ids in (("IMAGE", images), ("VM", vms)) if ids}


def _expanded(site: Site, record: Record, asked: str) -> dict[str, Any]:
    """A category with what ``$expand`` asks for: counts in lists, every holder in a GET."""
    body = dict(record.body)
    if asked not in {"associations", "detailedAssociations"}:
        return body
    for kind, ids in _holders(site, record.ext_id).items():
        common = {"categoryId": record.ext_id, "resourceType": kind, "resourceGroup": "ENTITY"}
        if asked == "associations":
            body.setdefault(asked, []).append({**common, "count": len(ids)})
        else:
            body.setdefault(asked, []).extend({**common, "resourceId": each} for each in ids)
    return body


def _list(site: Site, call: Call) -> Reply:
    asked = call.query.get("$expand", "")
    bodies = (_expanded(site, record, asked) for record in site.store.table("categories"))
    page, total = page_of(bodies, call.query, _LIST, code="CTGRS-50012")
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    record = site.find("categories", call.params["extId"], code="CTGRS-50004")
    return Reply(_expanded(site, record, call.query.get("$expand", "")), TYPE, revision=etag(record))


def _create(site: Site, call: Call) -> Reply:
    key, value = call.body["key"], call.body["value"]
    _check_words(key, value)
    _check_free(site, key, value)
    record = add_category(site, site.new_id(), key, value)
    record.body["description"] = call.body.get("description", "")
    return Reply(record.body, TYPE, status=201, revision=etag(record))


def _update(site: Site, call: Call) -> Reply:
    record = _own(site, call)
    if call.body["key"] != record.body["key"]:
        raise Refusal(400, "CTGRS-50006", "The key of a category cannot be updated.")
    _check_words(call.body["value"])
    if call.body["value"] != record.body["value"]:
        _check_free(site, call.body["key"], call.body["value"])
    record.body.update(value=call.body["value"], description=call.body.get("description", ""))
    site.store.table("categories").touch(record)
    text = {"code": "CTGRS-50000", "severity": "INFO", "message": "Category was updated.", "locale": "en_US"}
    return Reply([text], "prism.v4.error.AppMessage")


def _delete(site: Site, call: Call) -> Reply:
    record = _own(site, call)
    if _holders(site, record.ext_id):
        raise Refusal(409, "CTGRS-50009", "The category is in use.")
    site.store.table("categories").remove(record.ext_id)
    return Reply(status=204)


def _own(site: Site, call: Call) -> Record:
    record = site.find("categories", call.params["extId"], code="CTGRS-50004")
    if record.body["type"] != "USER":
        raise Refusal(403, "CTGRS-50007", "A system category cannot be changed.", group="FORBIDDEN")
    return record


def _check_words(*words: str) -> None:
    for word in words:
        if _FORBIDDEN.search(word):
            raise Refusal(400, "CTGRS-50005", f"{word!r} holds a character that is not allowed.")


def _check_free(site: Site, key: str, value: str) -> None:
    for record in site.store.table("categories"):
        if record.body["key"] == key and record.body["value"] == value:
            raise Refusal(409, "CTGRS-50008", f"Category {key}:{value} already exists.")


_ONE = "config/categories/{extId}"
_SELF = ("categories", "extId")
_ANSWER = "prism.v4.config.{}ApiResponse"
ROUTES = (
    Route(
        "GET",
        "prism",
        "config/categories",
        "list_categories",
        _list,
        _SECTION,
        _ANSWER.format("ListCategories"),
        listing=_LIST,
        assumed="$apply is accepted and changes nothing; $expand knows of images and VMs",
    ),
    Route("GET", "prism", _ONE, "get_category_by_id", _get, _SECTION, _ANSWER.format("GetCategory")),
    Route(
        "POST",
        "prism",
        "config/categories",
        "create_category",
        _create,
        _SECTION,
        _ANSWER.format("CreateCategory"),
        body=TYPE,
        assumed="a pair that exists answers 409 CTGRS-50008",
    ),
    Route(
        "PUT",
        "prism",
        _ONE,
        "update_category_by_id",
        _update,
        _SECTION,
        _ANSWER.format("UpdateCategory"),
        body=TYPE,
        match="required",
        guards=_SELF,
    ),
    Route(
        "DELETE",
        "prism",
        _ONE,
        "delete_category_by_id",
        _delete,
        _SECTION,
        _ANSWER.format("DeleteCategory"),
        match="optional",
        guards=_SELF,
        assumed="a category in use answers 409 CTGRS-50009",
    ),
)
