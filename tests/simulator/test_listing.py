from __future__ import annotations

from typing import Any

import pytest

CATEGORIES = "/api/prism/v4.4/config/categories"
CLUSTERS = "/api/clustermgmt/v4.3/config/clusters"


@pytest.fixture
def many(site: Any) -> Any:
    site.prism.control.add(categories=[{"key": "Rack", "value": f"r{number:03}"} for number in range(120)])
    return site


def test_a_page_has_fifty_items_unless_asked_otherwise(many: Any) -> None:
    assert len(many.data(CATEGORIES)) == 50
    assert len(many.data(CATEGORIES, limit=100)) == 100


def test_pages_put_together_are_the_whole_list(many: Any) -> None:
    found = [item["extId"] for page in range(4) for item in many.data(CATEGORIES, page=page, limit=40)]
    assert len(found) == len(set(found)) == 127


def test_a_page_behind_the_end_is_empty(many: Any) -> None:
    answer = many.get(CATEGORIES, page=9, limit=100).json()
    assert answer["data"] == []
    assert answer["metadata"]["totalAvailableResults"] == 127


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"page": -1}])
def test_a_window_out_of_range_is_a_violation(many: Any, query: Any) -> None:
    answer = many.get(CATEGORIES, **query)
    assert answer.status_code == 400
    assert answer.json()["data"]["error"]["$objectType"] == "prism.v4.error.SchemaValidationError"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("key eq 'Rack'", 120),
        ("key eq 'Rack' and value eq 'r007'", 1),
        ("value eq 'r001' or value eq 'r002' or value eq 'gone'", 2),
        ("startswith(value, 'r01')", 10),
        ("contains(value, '19')", 2),
        ("endswith(value,'9') and key eq 'Rack'", 12),
        ("not contains(key, 'Rack')", 7),
        ("not (key eq 'Rack' or key eq 'AppType')", 4),
        ("type eq Prism.Config.CategoryType'USER'", 120),
        ("type eq 'SYSTEM'", 7),
        ("value gt 'r100' and key eq 'Rack'", 19),
        ("value lt 'r002' and key eq 'Rack'", 2),
        ("key ne 'Rack'", 7),
        ("key eq 'it''s'", 0),
    ],
)
def test_filters(many: Any, text: Any, count: Any) -> None:
    answer = many.get(CATEGORIES, filter=text).json()
    assert answer["metadata"]["totalAvailableResults"] == count


@pytest.mark.parametrize(
    "text",
    [
        "description eq 'x'",
        "key",
        "key eq",
        "key eq 'a' or",
        "key like 'a'",
        "length(key) eq 3",
        "key eq 'a",
        "key eq b",
    ],
)
def test_a_filter_that_cannot_be_used_is_refused(many: Any, text: Any) -> None:
    assert many.get(CATEGORIES, filter=text).status_code == 400


def test_a_list_inside_is_filtered_by_any(site: Any) -> None:
    text = "config/clusterFunction/any(a:a eq Clustermgmt.Config.ClusterFunctionRef'{}')"
    aos = site.data(CLUSTERS, filter=text.format("AOS"))
    central = site.data(CLUSTERS, filter=text.format("PRISM_CENTRAL"))
    assert {cluster["name"] for cluster in aos} == {"berlin", "hamburg"}
    assert len(central) == 1


def test_order_is_ascending_unless_desc_is_said(many: Any) -> None:
    first = many.data(CATEGORIES, orderby="value", filter="key eq 'Rack'")
    last = many.data(CATEGORIES, orderby="key,value desc", filter="key eq 'Rack'")
    assert first[0]["value"] == "r000"
    assert last[0]["value"] == "r119"
    assert many.get(CATEGORIES, orderby="type").status_code == 400


def test_select_leaves_the_id_and_what_was_asked_for(many: Any) -> None:
    item = many.data(CATEGORIES, select="value")[0]
    assert {name for name in item if not name.startswith("$")} == {"extId", "value"}


def test_an_unknown_query_parameter_is_a_violation(many: Any) -> None:
    assert many.get(CATEGORIES, top=5).status_code == 400
