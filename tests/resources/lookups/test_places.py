from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.schema.lookups import GetCategoryResult, GetClusterResult, GetStorageContainerResult, GetSubnetResult

Ask = Callable[..., Any]


def refusal(ask: Ask, lookup: str, **bag: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        ask(lookup, **bag)
    return caught.value


def test_a_cluster_is_found_by_name_and_by_uuid(ask: Ask, clusters: Mapping[str, str]) -> None:
    berlin = GetClusterResult(uuid=clusters["berlin"], name="berlin")
    assert ask("getCluster", name="berlin") == berlin
    assert ask("getCluster", name=clusters["berlin"]) == berlin


def test_without_a_name_it_is_the_only_cluster(ask_element: Ask, clusters: Mapping[str, str]) -> None:
    assert ask_element("getCluster") == GetClusterResult(uuid=clusters["berlin"], name="berlin")


def test_without_a_name_and_with_several_clusters_they_are_listed(
    ask_central: Ask, clusters: Mapping[str, str]
) -> None:
    wrong = refusal(ask_central, "getCluster")
    assert wrong.path == "name"
    assert "has 2 clusters" in wrong.said
    assert f"Known are: 'berlin' ({clusters['berlin']}), 'hamburg' ({clusters['hamburg']})." in wrong.advice


def test_a_misspelt_cluster_names_the_nearest_and_all_there_are(ask: Ask, clusters: Mapping[str, str]) -> None:
    wrong = refusal(ask, "getCluster", name="berlni")
    assert wrong.path == "name"
    assert "has no cluster 'berlni'" in wrong.said
    assert wrong.advice.startswith("Did you mean 'berlin'? Known are: 'berlin' (")
    assert clusters["berlin"] in wrong.advice


def test_a_subnet_is_found_with_its_clusters(ask: Ask, clusters: Mapping[str, str]) -> None:
    found = ask("getSubnet", name="berlin-managed")
    assert isinstance(found, GetSubnetResult)
    assert (found.name, found.managed, found.cluster_uuids) == ("berlin-managed", True, [clusters["berlin"]])
    assert ask("getSubnet", name=found.uuid) == found
    assert not ask("getSubnet", name="berlin-dhcp").managed


def test_subnets_of_one_name_are_listed_and_told_apart_by_the_cluster(
    ask_central: Ask, clusters: Mapping[str, str]
) -> None:
    wrong = refusal(ask_central, "getSubnet", name="lab")
    assert "has 2 subnets named 'lab'" in wrong.said
    assert "(cluster 'berlin')" in wrong.said
    assert "(cluster 'hamburg')" in wrong.said
    assert wrong.advice == "Give the UUID of the one you mean, or cluster."
    for name in ("berlin", clusters["berlin"]):
        assert ask_central("getSubnet", name="lab", cluster=name).cluster_uuids == [clusters["berlin"]]


def test_a_cluster_that_does_not_exist_is_blamed_on_its_own_property(ask: Ask) -> None:
    for lookup in ("getSubnet", "getStorageContainer"):
        wrong = refusal(ask, lookup, name="lab", cluster="berln")
        assert wrong.path == "cluster"
        assert "Did you mean 'berlin'?" in wrong.advice


def test_a_storage_container_is_found(ask: Ask, clusters: Mapping[str, str]) -> None:
    found = ask("getStorageContainer", name="fast")
    assert found == GetStorageContainerResult(uuid=found.uuid, name="fast", cluster_uuid=clusters["berlin"])
    assert ask("getStorageContainer", name=found.uuid) == found
    assert "has no storage container 'fats'" in refusal(ask, "getStorageContainer", name="fats").said


def test_the_same_container_on_each_cluster_is_told_apart_by_the_cluster(
    ask_central: Ask, clusters: Mapping[str, str]
) -> None:
    wrong = refusal(ask_central, "getStorageContainer", name="default-container")
    assert "has 2 storage containers named 'default-container'" in wrong.said
    found = ask_central("getStorageContainer", name="default-container", cluster="hamburg")
    assert found.cluster_uuid == clusters["hamburg"]


def test_a_category_is_found_and_named_as_resources_take_it(ask_central: Ask) -> None:
    found = ask_central("getCategory", key="Team", value="Blue")
    assert isinstance(found, GetCategoryResult)
    assert found.name == "Team:Blue"
    assert found.uuid


def test_a_value_that_does_not_exist_names_the_values_of_its_key(ask_central: Ask) -> None:
    wrong = refusal(ask_central, "getCategory", key="Team", value="Bleu")
    assert wrong.path == "value"
    assert wrong.advice.startswith("Did you mean 'Blue'? Known are: 'Blue' (")
    assert "'Green' (" in wrong.advice


def test_a_key_that_does_not_exist_names_the_keys(ask_central: Ask) -> None:
    wrong = refusal(ask_central, "getCategory", key="Taem", value="Blue")
    assert wrong.path == "key"
    assert "Did you mean 'Team'?" in wrong.advice
    assert "'Environment' (" in wrong.advice


def test_an_element_says_that_it_has_no_categories(ask_element: Ask) -> None:
    wrong = refusal(ask_element, "getCategory", key="Team", value="Blue")
    assert "is a Prism Element, which has no categories" in wrong.said
    assert wrong.advice == "Use a connection to a Prism Central."


def test_wrong_properties_are_told_before_anything_is_connected() -> None:
    from pulumi_ahv.resources.lookups.answering import answer

    def connect(_: str | None) -> Any:
        raise AssertionError

    with pytest.raises(InputError, match="name: is required"):
        answer("getSubnet", {}, connect)
    with pytest.raises(AhvError, match=r"2 properties are wrong: name: is required.*; sise: is not a property here"):
        answer("getSubnet", {"sise": 3}, connect)
