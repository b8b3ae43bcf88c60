from io import BytesIO

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Category, ImageSpec, ImageType, Named, StreamSource
from pulumi_ahv.simulator.server import Prism

MISSING = "11111111-2222-4333-8444-555555555555"


def test_clusters_are_listed_without_prism_central_itself(site: CentralSite) -> None:
    assert sorted(cluster.name for cluster in site.inventory.clusters()) == ["berlin", "hamburg"]


def test_lists_of_more_than_a_page_are_whole(site: CentralSite, sim: Prism) -> None:
    sim.control.add(clusters=[{"name": f"edge-{number:03}"} for number in range(120)])
    clusters = site.inventory.clusters()
    assert len(clusters) == len({cluster.uuid for cluster in clusters}) == 122


def test_lists_are_kept_for_seconds_only(site: CentralSite, sim: Prism, clock: ManualClock) -> None:
    site.inventory.clusters()
    sim.control.clear_journal()
    site.inventory.clusters()
    assert sim.control.counts() == {}
    sim.control.add(clusters=[{"name": "edge"}])
    clock.advance(11)
    assert "edge" in {cluster.name for cluster in site.inventory.clusters()}


def test_storage_containers_name_their_cluster(site: CentralSite) -> None:
    clusters = {cluster.uuid: cluster.name for cluster in site.inventory.clusters()}
    found = {(clusters[one.cluster_uuid], one.name) for one in site.inventory.storage_containers()}
    assert {("berlin", "default-container"), ("hamburg", "default-container")} <= found


def test_a_category_is_found_by_key_and_value_and_by_its_id(site: CentralSite) -> None:
    found = site.inventory.category("Environment", "Testing")
    assert found == Category(found.uuid, "Environment", "Testing")
    assert site.inventory.category_by_uuid(found.uuid) == found


def test_an_unknown_category_is_none_until_it_exists(site: CentralSite, sim: Prism) -> None:
    assert site.inventory.category("Team", "Blue") is None
    sim.control.add(categories=[{"key": "Team", "value": "Blue"}])
    assert site.inventory.category("Team", "Blue") is not None
    assert site.inventory.category_by_uuid(MISSING) is None


def test_a_category_is_looked_up_once(site: CentralSite, sim: Prism) -> None:
    for _ in range(5):
        site.inventory.category("Environment", "Testing")
    assert sim.control.counts()["list_categories"] == 1


def test_categories_are_listed_by_key_or_all(site: CentralSite, sim: Prism) -> None:
    sim.control.add(categories=[{"key": "Team", "value": "Blue"}, {"key": "Team", "value": "Red"}])
    assert sorted(category.value for category in site.inventory.categories("Team")) == ["Blue", "Red"]
    assert {"Team", "Environment"} <= {category.key for category in site.inventory.categories()}


def test_everything_of_a_kind_is_told_by_name(site: CentralSite, clock: ManualClock) -> None:
    disk = bytes(510) + b"\x55\xaa" + bytes(1 << 20)
    spec = ImageSpec("golden", "", ImageType.DISK, StreamSource(lambda: BytesIO(disk), len(disk)))
    image = site.images.create(spec, key="golden", deadline=Deadline(clock, 900), progress=silent)
    assert site.inventory.everything("image") == [Named(image.uuid, "golden")]
    assert site.inventory.everything("template") == []
