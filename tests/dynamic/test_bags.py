from pulumi.output import UNKNOWN as SDK_UNKNOWN

from pulumi_ahv.dynamic.bags import to_ours, to_sdk
from pulumi_ahv.schema.fields import UNKNOWN


def test_unknowns_are_translated_at_every_depth() -> None:
    ours = to_ours({"a": SDK_UNKNOWN, "b": [{"c": SDK_UNKNOWN}]})
    assert ours["a"] is UNKNOWN
    assert ours["b"][0]["c"] is UNKNOWN
    theirs = to_sdk(ours, {})
    assert theirs["a"] is SDK_UNKNOWN
    assert theirs["b"][0]["c"] is SDK_UNKNOWN


def test_the_provider_stays_outside_and_comes_back() -> None:
    bag = {"__provider": "gASV", "name": "a"}
    assert to_ours(bag) == {"name": "a"}
    assert to_sdk({"name": "b"}, bag) == {"name": "b", "__provider": "gASV"}
