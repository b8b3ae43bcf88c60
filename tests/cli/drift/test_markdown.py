"""Reports as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pulumi_ahv.cli.drift.findings import Cause, Change, Finding, Report, read_report
from pulumi_ahv.cli.drift.markdown import ROWS, code, markdown

Recorded = Callable[[str], dict[str, Any]]
EMPTY = Report("shop", "prod", (), (), (), 0)
POOL = Finding("urn:pulumi:prod::shop::ahv:index:Pool::agents", "differs")


def change(member: str, **more: Any) -> Change:
    told = {"path": f"members.{member}.power", "property": "power", "kind": "update", "live": "off", "wanted": "on"}
    return Change(**{**told, "cause": Cause.PRISM, "member": member, **more})


def test_a_member_is_one_row(recorded: Recorded) -> None:
    text = markdown(read_report(recorded("member-off")))
    assert text.startswith("## Drift: 1 resource is not as the program says\n")
    assert "### Pool `agents`\n" in text
    assert "| `agent-002` | `power` | `off` | `on` |" in text
    assert "- `agent-002` notReady: `it is off`" in text
    assert "May follow: PoolGate `agents`." in text


def test_every_kind_of_drift_has_its_words(recorded: Recorded) -> None:
    text = markdown(read_report(recorded("images-and-member")))
    assert "### Image `extra`\n\nIt is no longer in Prism" in text
    assert "| `name` | `zweites` | `second` |" in text
    text = markdown(read_report(recorded("member-renamed-and-one-gone")))
    assert "| `agent-001` | `name` | `agent-00x` | `agent-001` |" in text
    assert "| `agent-003` |  | missing | a member |" in text
    assert "Not ready" not in text, "the table says already that they are missing"


def test_what_the_program_changed_stands_apart(recorded: Recorded) -> None:
    drift, ahead = markdown(read_report(recorded("payload-and-half-made"))).split("### Wanted otherwise")
    assert "Image" not in drift
    assert "- Image `extra`: `content`: `sha256:" in ahead


def test_nothing_found_is_one_line_of_good_news() -> None:
    assert markdown(EMPTY) == "## No drift\n\nStack `prod` of `shop`.\n"


def test_a_change_of_the_program_alone_is_no_drift() -> None:
    text = markdown(replace(EMPTY, findings=(replace(POOL, verdict="new"),), code=7))
    assert text.startswith("## No drift, but the program has changed\n")
    assert "- Pool `agents`: to be made" in text


def test_a_check_that_failed_says_so_and_why() -> None:
    text = markdown(replace(EMPTY, errors=("AhvError: no password",), code=1))
    assert text.startswith("## Drift could not be checked (exit code 1)\n")
    assert "```text\nAhvError: no password\n```" in text


def test_a_big_pool_does_not_flood_the_summary() -> None:
    many = tuple(change(f"agent-{number:03}") for number in range(300))
    text = markdown(replace(EMPTY, findings=(replace(POOL, changes=many),), code=7))
    assert "300 members differ." in text
    assert text.count("| `agent-") == ROWS
    assert f"… and {300 - ROWS} more rows." in text


def test_what_both_sides_changed_is_marked() -> None:
    text = markdown(replace(EMPTY, findings=(replace(POOL, changes=(change("a", cause=Cause.BOTH),)),), code=7))
    assert "| `a` | `power` (in the program, too) | `off` | `on` |" in text


def test_a_repair_without_details_is_said() -> None:
    assert "something to repair" in markdown(replace(EMPTY, findings=(POOL,), code=7))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("plain", "`plain`"),
        ("a|b", "`a\\|b`"),
        ("a`b", "``a`b``"),
        ("`<script>`", "`` `<script>` ``"),
        ("two\nlines", "`two lines`"),
    ],
)
def test_a_value_from_prism_is_never_markup(text: str, span: str) -> None:
    assert code(text) == span


def test_long_values_are_cut_and_empty_ones_shown() -> None:
    changes = (change("a", live="x" * 500, wanted=""), change("b", live=None, wanted=["c", 1]))
    text = markdown(replace(EMPTY, findings=(replace(POOL, changes=changes),), code=7))
    assert f"`{'x' * 80}…`" in text
    assert '| `""` |' in text
    assert '| not set | `["c", 1]` |' in text
