from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.schema.__main__ import documents, main
from pulumi_ahv.schema.emit import package_schema
from pulumi_ahv.schema.package import LOOKUPS
from pulumi_ahv.schema.pages import type_text

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return package_schema()


def test_what_is_committed_is_fresh() -> None:
    stale = [path for path, text in documents().items() if (TOP / path).read_text("utf-8") != text]
    assert stale == [], "run `make schema`"


def test_stale_files_are_named_and_then_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], tmp_path) == 1
    assert "schema.json is stale" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


def test_every_reference_leads_to_a_type(schema: dict[str, Any]) -> None:
    found = [text for text in _strings(schema) if text.startswith("#/types/")]
    assert found
    assert {text.removeprefix("#/types/") for text in found} <= set(schema["types"])


def test_required_properties_exist_and_computed_ones_are_not_asked_for(schema: dict[str, Any]) -> None:
    image = schema["resources"]["ahv:index:Image"]
    assert set(image["required"]) <= set(image["properties"])
    assert image["requiredInputs"] == ["source"]
    assert not {"owner", "content"} & set(image["inputProperties"])


def test_every_property_is_described_and_typed(schema: dict[str, Any]) -> None:
    bags = [*schema["types"].values(), *schema["resources"].values(), {"properties": schema["config"]["variables"]}]
    for bag in bags:
        for name, told in bag["properties"].items():
            assert told["description"], name
            assert told.get("type") or told.get("$ref"), name


def test_credentials_are_secret_and_come_from_the_environment(schema: dict[str, Any]) -> None:
    password = schema["config"]["variables"]["password"]
    assert password["secret"] is True
    assert password["defaultInfo"] == {"environment": ["NUTANIX_PASSWORD"]}


def test_reserved_names_are_not_used(schema: dict[str, Any]) -> None:
    for resource in schema["resources"].values():
        assert not {"id", "urn", "pulumi"} & set(resource["properties"])


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (str, "string"),
        (list[str] | None, "string[]"),
        (bool | None, "boolean"),
        (float, "number"),
        (dict[str, Any] | None, "map of any"),
        (dict[str, dict[str, float]], "map of map of number"),
    ],
)
def test_types_are_written_in_the_words_of_the_schema(annotation: object, text: str) -> None:
    assert type_text(annotation) == text


def test_maps_of_anything_are_maps_of_pulumis_any(schema: dict[str, Any]) -> None:
    variables = schema["types"]["ahv:index:PoolPayload"]["properties"]["variables"]
    assert variables["additionalProperties"] == {"$ref": "pulumi.json#/Any"}


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _strings(item)]


def test_every_lookup_is_a_function_with_described_inputs_and_outputs(schema: dict[str, Any]) -> None:
    assert set(schema["functions"]) == {lookup.token for lookup in LOOKUPS}
    for told in schema["functions"].values():
        for bag in (told["inputs"], told["outputs"]):
            assert set(bag.get("required", ())) <= set(bag["properties"])
            assert all(each["description"] for each in bag["properties"].values())


def test_what_a_lookup_needs_is_required_and_what_carries_secrets_is_secret(schema: dict[str, Any]) -> None:
    subnet, payload = (schema["functions"][f"ahv:index:{name}"] for name in ("getSubnet", "renderPayload"))
    assert subnet["inputs"]["required"] == ["name"]
    assert {name for name, told in payload["outputs"]["properties"].items() if told.get("secret")} == {"files"}
    assert payload["inputs"]["properties"]["payload"]["$ref"] == "#/types/ahv:index:PoolPayload"
