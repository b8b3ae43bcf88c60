"""Registrations are read off the wire; what is left out is refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, callback_pb2
from pulumi.runtime.proto import resource_pb2 as wire

from pulumi_ahv.engine.goals import Alias, NotSupported, read_goal, read_read_goal, seconds


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"remote": True}, "components from packages"),
        ({"transforms": [callback_pb2.Callback(target="x")]}, "resource transforms"),
        ({"hooks": wire.RegisterResourceRequest.ResourceHooksBinding(before_create=["h"])}, "resource hooks"),
        ({"packageRef": "ref"}, "parameterized packages"),
        ({"replace_with": ["urn"]}, "replace_with"),
        ({"replacement_trigger": struct_pb2.Value(string_value="x")}, "replacement_trigger"),
        ({"envVarMappings": {"A": "B"}}, "env_var_mappings"),
    ],
)
def test_what_is_left_out_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(NotSupported, match=named):
        read_goal(wire.RegisterResourceRequest(type="t:t:T", name="a", **fields))


def test_an_empty_set_of_hooks_is_no_hook() -> None:
    request = wire.RegisterResourceRequest(type="t:t:T", name="a")
    request.hooks.SetInParent()

    assert read_goal(request).name == "a"


def test_stack_references_are_refused() -> None:
    with pytest.raises(NotSupported, match="stack references"):
        read_read_goal(wire.ReadResourceRequest(type="pulumi:pulumi:StackReference", name="other"))


def test_options_are_read() -> None:
    request = wire.RegisterResourceRequest(
        type="t:t:T",
        name="a",
        deleteBeforeReplace=False,
        deleteBeforeReplaceDefined=True,
        customTimeouts=wire.RegisterResourceRequest.CustomTimeouts(create="1h30m", delete="10s"),
        propertyDependencies={"x": wire.RegisterResourceRequest.PropertyDependencies(urns=["u"])},
        aliases=[
            alias_pb2.Alias(urn="urn:old"),
            alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="old", noParent=True)),
            alias_pb2.Alias(spec=alias_pb2.Alias.Spec(type="t:t:Old")),
        ],
    )

    goal = read_goal(request)

    assert goal.delete_before_replace is False
    assert goal.timeouts == {"create": 5400.0, "delete": 10.0}
    assert goal.property_dependencies == {"x": ["u"]}
    assert goal.aliases == [Alias(urn="urn:old"), Alias(name="old", parent=""), Alias(type="t:t:Old")]


def test_delete_before_replace_is_open_unless_said() -> None:
    assert read_goal(wire.RegisterResourceRequest(type="t:t:T", name="a")).delete_before_replace is None


@pytest.mark.parametrize(("text", "value"), [("5m", 300), ("1h30m", 5400), ("1.5s", 1.5), ("100ms", 0.1)])
def test_durations_are_read(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "5", "m", "5m x", "five minutes"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        seconds(text)
