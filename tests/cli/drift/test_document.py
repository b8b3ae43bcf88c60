"""Reports as JSON, as docs/pipelines.md tells of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pulumi_ahv.cli.drift.document import document
from pulumi_ahv.cli.drift.findings import read_report

PAGE = Path(__file__).parents[3] / "docs" / "pipelines.md"


def shape(value: Any) -> Any:
    """The keys of an object and of what is in it."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value[:1]] if isinstance(value, list) else None


def test_the_documented_report_has_the_shape_of_a_real_one(recorded: Callable[[str], dict[str, Any]]) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    documented, real = json.loads(text), document(read_report(recorded("member-off")))
    assert shape(documented) == shape(real)
    assert documented["resources"][0]["notReady"][0]["reason"] == real["resources"][0]["notReady"][0]["reason"]


def test_a_report_is_plain_json(recorded: Callable[[str], dict[str, Any]]) -> None:
    told = document(read_report(recorded("payload-and-half-made")))
    assert json.loads(json.dumps(told)) == told
    assert told["drift"] is True
    assert {resource["name"]: resource["drift"] for resource in told["resources"]} == {"agents": True, "extra": False}
