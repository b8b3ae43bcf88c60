"""Values and changes as text."""

from __future__ import annotations

from pulumi_ahv.engine.diffing import Difference, PropertyDiff
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.showing import changed_keys, detail_lines, outputs_lines, text_of
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.values import UNKNOWN, Reference, SecretValue

URN = "urn:pulumi:dev::proj::t:t:T::a"


def _step(olds: dict[str, object], news: dict[str, object], difference: Difference | None = None) -> Step:
    old = Record(URN, "t:t:T", custom=True, id="1", inputs=olds, parent="p")
    new = Record(URN, "t:t:T", custom=True, id="1", inputs=news, parent="p")
    return Step("update", URN, old, new, difference or Difference(changes=True))


def test_values_are_written_like_json_and_secrets_as_a_word() -> None:
    assert [text_of(value) for value in ("a", 3.0, 2.5, True, None, {}, [])] == [
        '"a"',
        "3",
        "2.5",
        "true",
        "null",
        "{}",
        "[]",
    ]
    assert [text_of(value) for value in (SecretValue("x"), UNKNOWN)] == ["[secret]", "[unknown]"]
    assert text_of(Reference("urn", "id-1")) == '"id-1"'
    assert text_of({"b": 1, "aa": [SecretValue(1)]}) == "{\n    aa: [\n        [0]: [secret]\n    ]\n    b : 1\n}"


def test_changed_outputs_show_both_values() -> None:
    lines = list(outputs_lines({"a": 1, "gone": 2, "pw": SecretValue("x")}, {"a": 2, "new": 3, "pw": SecretValue("x")}))

    assert lines == ["  ~ a   : 1 => 2", "  - gone: 2", "  + new : 3", "    pw  : [secret]"]


def test_changed_keys_are_grouped_by_kind() -> None:
    step = _step({"a": 1, "gone": 1, "n": {"x": 1}}, {"a": 2, "new": 1, "n": {"y": 1}})

    assert changed_keys(step) == "[diff: +new,-gone,~a,n]"


def test_details_show_the_path_to_each_change() -> None:
    olds = {"members": {"agent-003": {"power": "on"}, "agent-004": {"power": "on"}}}
    news = {"members": {"agent-003": {"power": "off"}, "agent-004": {"power": "on"}}}

    assert list(detail_lines(_step(olds, news), "update")) == [
        "    ~ t:t:T: (update)",
        "        [id=1]",
        f"        [urn={URN}]",
        "      ~ members: {",
        "          ~ agent-003: {",
        '              ~ power: "on" => "off"',
        "            }",
        "        }",
    ]


def test_secrets_stay_hidden_in_details() -> None:
    difference = Difference(changes=True, detailed={"pw": PropertyDiff("update", replaces=True, input=True)})

    lines = list(detail_lines(_step({"pw": SecretValue("x")}, {"pw": SecretValue("y")}, difference), "update"))

    assert lines[-1].strip() == "~ pw: [secret] => [secret]"


def test_what_changes_have_in_common_is_written_once() -> None:
    step = _step({"l": [1, {"a": 1, "b": 1}]}, {"l": [2, {"a": 2, "b": 2}, 3]})

    assert [line[6:] for line in detail_lines(step, "update")][3:] == [
        "~ l: [",
        "    ~ [0]: 1 => 2",
        "    ~ [1]: {",
        "        ~ a: 1 => 2",
        "        ~ b: 1 => 2",
        "      }",
        "    + [2]: 3",
        "  ]",
    ]
