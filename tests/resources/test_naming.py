from dataclasses import dataclass, field

import pytest

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.values import Category, Cluster, StorageContainer
from pulumi_ahv.resources.naming import live_names, resolve_categories, resolve_clusters, resolve_container

BERLIN, HAMBURG, TWIN = Cluster("u-1", "berlin"), Cluster("u-2", "hamburg"), Cluster("u-3", "hamburg")


@dataclass
class Known:
    """An inventory of fixed things."""

    found: list[Cluster] = field(default_factory=lambda: [BERLIN, HAMBURG])

    def clusters(self) -> list[Cluster]:
        return self.found

    def storage_containers(self) -> list[StorageContainer]:
        return [StorageContainer("s-1", "default", "u-1")]

    def category(self, key: str, value: str) -> Category | None:
        return Category("c-1", key, value) if (key, value) == ("Environment", "Testing") else None

    def category_by_uuid(self, uuid: str) -> Category | None:
        return Category(uuid, "Environment", "Testing") if uuid == "c-1" else None


def test_clusters_are_found_by_name_and_by_uuid() -> None:
    assert resolve_clusters(Known(), ["hamburg", "u-1"]) == ("u-2", "u-1")


def test_nothing_asked_is_nothing_resolved() -> None:
    assert resolve_clusters(Known(), None) == ()
    assert resolve_container(Known(), None) == ""


def test_an_unknown_cluster_is_told_with_its_place_and_what_exists() -> None:
    with pytest.raises(InputError) as caught:
        resolve_clusters(Known(), ["berlin", "hambrug"])
    assert str(caught.value) == (
        "clusters[1]: there is no cluster 'hambrug'. Did you mean 'hamburg'? Known are: berlin, hamburg."
    )


def test_a_name_that_two_clusters_have_asks_for_the_uuid() -> None:
    with pytest.raises(
        InputError, match=r"2 clusters are named 'hamburg'\. Give the UUID of the one you mean: u-2, u-3"
    ):
        resolve_clusters(Known([BERLIN, HAMBURG, TWIN]), ["hamburg"])


def test_when_nothing_is_to_be_seen_the_account_is_the_hint() -> None:
    with pytest.raises(InputError, match="Prism knows no cluster at all that this account may see"):
        resolve_clusters(Known([]), ["berlin"])


def test_a_category_has_to_exist() -> None:
    assert resolve_categories(Known(), ["Environment:Testing"]) == ("c-1",)
    with pytest.raises(InputError, match=r"categories\[1\]: Prism Central has no category 'Env' with the value 'Prod'"):
        resolve_categories(Known(), ["Environment:Testing", "Env:Prod"])


NAMES = {"u-1": "berlin", "u-2": "hamburg"}


@pytest.mark.parametrize(
    ("wanted", "live", "extras", "told"),
    [
        (["hamburg", "berlin"], ["u-1", "u-2"], True, ["hamburg", "berlin"]),
        (["u-2", "berlin"], ["u-1", "u-2"], True, ["u-2", "berlin"]),
        (["berlin"], [], True, []),
        (["berlin"], ["u-1", "u-2"], True, ["berlin", "hamburg"]),
        (["berlin"], ["u-1", "u-2"], False, ["berlin"]),
        (["berlin"], ["u-1", "u-9"], True, ["berlin", "u-9"]),
    ],
)
def test_a_live_list_keeps_the_users_spelling_and_order(
    wanted: list[str], live: list[str], extras: bool, told: list[str]
) -> None:
    assert live_names(wanted, live, NAMES, extras=extras) == told
