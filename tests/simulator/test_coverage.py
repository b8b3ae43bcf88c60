from __future__ import annotations

from pathlib import Path
from typing import Any

from pulumi_ahv.simulator import families
from pulumi_ahv.simulator.coverage import renewed, report
from pulumi_ahv.simulator.notation import load

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


def test_the_page_says_what_the_code_does() -> None:
    page = PAGE.read_text("utf-8")
    assert page == renewed(page), "run: python -m pulumi_ahv.simulator.coverage docs/simulator.md"


def test_a_known_call_that_is_not_served_is_answered_501(site: Any) -> None:
    assert "`GET vmm/images/config/placement-policies`" in report()
    assert site.get("/api/vmm/v4.3/images/config/placement-policies").status_code == 501


def test_every_operation_and_body_of_the_routes_is_known_once() -> None:
    routes = families.routes().all
    names = [route.operation for route in routes]
    assert len(names) == len(set(names))
    assert {route.body for route in routes if route.body} <= set(load().types)


def test_every_operation_of_tasks_has_a_key_of_its_own() -> None:
    keys = [operation.key for operation in families.operations()]
    assert len(keys) == len(set(keys))
