"""The controls, under ``/_sim/``: what a test, or a person, does to the site from outside of Prism's API.

Served by this module, called through ``remote.Control``. No credentials: the site listens on loopback only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pulumi_ahv.simulator import scenario
from pulumi_ahv.simulator.guests.life import RULES
from pulumi_ahv.simulator.page import page
from pulumi_ahv.simulator.site import Site

Action = Callable[[Site, list[str], dict[str, Any]], Any]


class UnknownControl(Exception):
    """There is no such control, or no such thing to control."""


async def control(site: Site, request: Request) -> Response:
    """Serve one call under ``/_sim/``."""
    parts = [part for part in request.url.path.removeprefix("/_sim").split("/") if part]
    name = parts[0] if parts else "about"
    if (request.method, name) == ("GET", "page"):
        site.settle()
        return Response(page(site), media_type="text/html")
    try:
        values = {**request.query_params, **(json.loads(await request.body() or b"{}"))}
        site.settle()
        answer = _action(request.method, name)(site, parts[1:], values)
        site.settle()
    except UnknownControl as error:
        return _answer(404, {"error": f"no such control: {error}"})
    except (ValueError, TypeError, KeyError) as error:
        return _answer(400, {"error": str(error)})
    return _answer(200, answer)


def _action(method: str, name: str) -> Action:
    action = _ACTIONS.get((method, name))
    if action is None:
        raise UnknownControl(f"{method} {name}")
    return action


def _answer(status: int, body: Any) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


def _about(site: Site, _: list[str], __: dict[str, Any]) -> Any:
    return site.describe()


def _reset(site: Site, _: list[str], values: dict[str, Any]) -> Any:
    site.empty()
    site.injector.clear()
    site.latencies.clear()
    site.journal.clear()
    if not values.get("bare"):
        scenario.furnish(site)
    return site.describe()


def _inventory(site: Site, _: list[str], values: dict[str, Any]) -> Any:
    return scenario.extend(site, values)


def _get_clock(site: Site, _: list[str], __: dict[str, Any]) -> Any:
    return {"now": site.timeline.now(), "time": site.timeline.stamp(), "manual": site.timeline.is_manual}


def _set_clock(site: Site, rest: list[str], values: dict[str, Any]) -> Any:
    if values.get("manual") is True:
        site.timeline.freeze()
    elif values.get("manual") is False:
        site.timeline.release()
    site.timeline.advance(float(values.get("advance", 0)))
    return _get_clock(site, rest, values)


def _get_latencies(site: Site, _: list[str], __: dict[str, Any]) -> Any:
    usual = {op.key: op.seconds * site.settings.pace for op in site.engine.operations()}
    return {"usual": usual, "set": site.latencies}


def _set_latencies(site: Site, rest: list[str], values: dict[str, Any]) -> Any:
    site.latencies.update({name: float(seconds) for name, seconds in values.items()})
    return _get_latencies(site, rest, values)


def _get_faults(site: Site, _: list[str], __: dict[str, Any]) -> Any:
    return site.injector.rules()


def _add_fault(site: Site, _: list[str], values: dict[str, Any]) -> Any:
    return {"id": site.injector.add(values).id}


def _clear_faults(site: Site, rest: list[str], _: dict[str, Any]) -> Any:
    site.injector.clear(rest[0] if rest else "")
    return site.injector.rules()


def _get_journal(site: Site, rest: list[str], values: dict[str, Any]) -> Any:
    if rest == ["counts"]:
        return site.journal.counts()
    return site.journal.entries(operation=values.get("operation", ""), since=int(values.get("since", 0)))


def _clear_journal(site: Site, _: list[str], __: dict[str, Any]) -> Any:
    site.journal.clear()
    return {}


def _save_snapshot(site: Site, rest: list[str], _: dict[str, Any]) -> Any:
    site.store.save_snapshot(rest[0])
    return {"saved": rest[0]}


def _load_snapshot(site: Site, rest: list[str], _: dict[str, Any]) -> Any:
    try:
        site.store.load_snapshot(rest[0])
    except KeyError as error:
        raise UnknownControl(f"snapshot {rest[0]}") from error
    site.reload()
    return site.describe()


def _entities(site: Site, rest: list[str], _: dict[str, Any]) -> Any:
    if not rest:
        return {kind: len(site.store.table(kind)) for kind in site.store.kinds()}
    table = site.store.table(rest[0])
    if len(rest) == 1:
        return [record.body for record in table]
    record = table.get("/".join(rest[1:]))
    if record is None:
        raise UnknownControl("/".join(rest))
    return {"body": record.body, "hidden": record.hidden, "revision": record.revision}


def _guests(site: Site, rest: list[str], _: dict[str, Any]) -> Any:
    table = site.store.table("guests")
    if not rest:
        return {record.ext_id: record.body for record in table}
    record = table.get(rest[0])
    if record is None:
        raise UnknownControl(f"guest of VM {rest[0]}: it was never on")
    return record.body


def _add_guest_rule(site: Site, _: list[str], values: dict[str, Any]) -> Any:
    unknown = set(values) - RULES
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}; known are {sorted(RULES)}")
    rules = site.store.table("guest-rules")
    return rules.add(str(len(rules) + 1), values).body


def _clear_guest_rules(site: Site, _: list[str], __: dict[str, Any]) -> Any:
    site.store.table("guest-rules").clear()
    return {}


_ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "about"): _about,
    ("POST", "reset"): _reset,
    ("POST", "inventory"): _inventory,
    ("GET", "clock"): _get_clock,
    ("POST", "clock"): _set_clock,
    ("GET", "latencies"): _get_latencies,
    ("POST", "latencies"): _set_latencies,
    ("GET", "faults"): _get_faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "journal"): _get_journal,
    ("DELETE", "journal"): _clear_journal,
    ("PUT", "snapshots"): _save_snapshot,
    ("POST", "snapshots"): _load_snapshot,
    ("GET", "entities"): _entities,
    ("GET", "guests"): _guests,
    ("POST", "guests"): _add_guest_rule,
    ("DELETE", "guests"): _clear_guest_rules,
}
