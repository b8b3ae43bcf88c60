from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.simulator.server import Prism


def test_subnets_tell_their_cluster_and_whether_they_hand_out_addresses(site: CentralSite) -> None:
    clusters = {cluster.uuid: cluster.name for cluster in site.inventory.clusters()}
    told = {
        subnet.name: ([clusters[one] for one in subnet.cluster_uuids], subnet.managed)
        for subnet in site.networks.subnets()
    }
    assert told["berlin-managed"] == (["berlin"], True)
    assert told["hamburg-dhcp"] == (["hamburg"], False)


def test_subnets_are_listed_once_within_seconds(site: CentralSite, sim: Prism) -> None:
    assert site.networks.subnets() == site.networks.subnets()
    assert sim.control.counts()["list_subnets"] == 1


def test_the_prefix_of_a_managed_subnet_is_known(site: CentralSite) -> None:
    told = {subnet.name: subnet.prefixes for subnet in site.networks.subnets()}
    assert (told["berlin-managed"], told["berlin-dhcp"]) == (("10.42.0.0/16",), ())
