"""What is there before anything is made: clusters, hosts, containers, subnets, categories; and categories of one's own."""

from __future__ import annotations

from driven import Site, expect


def walk_through(site: Site) -> None:
    """List and read everything, by pages, filters and orders."""
    clusters(site)
    containers(site)
    subnets(site)
    categories(site)


def clusters(site: Site) -> None:
    api = site.api("clustermgmt", "ClustersApi")
    every = api.list_clusters(_page=0, _limit=100, _orderby="name asc")
    expect(every.metadata.total_available_results, len(every.data))
    aos = api.list_clusters(
        _filter="config/clusterFunction/any(a:a eq Clustermgmt.Config.ClusterFunctionRef'AOS')"
    ).data
    expect({each.name for each in aos}, {"berlin", "hamburg"})
    site.cluster = next(each.ext_id for each in aos if each.name == "berlin")
    expect(api.get_cluster_by_id(site.cluster).data.name, "berlin")
    hosts = api.list_hosts(_limit=2, _page=1).data
    expect(len(hosts), 2)
    own = api.list_hosts_by_cluster_id(site.cluster).data
    expect({each.cluster.uuid for each in own}, {site.cluster})
    expect(api.get_host_by_id(site.cluster, own[0].ext_id).data.host_name, own[0].host_name)


def containers(site: Site) -> None:
    api = site.api("clustermgmt", "StorageContainersApi")
    found = api.list_storage_containers(
        _filter=f"clusterExtId eq '{site.cluster}' and name eq 'default-container'"
    ).data
    site.container = found[0].container_ext_id
    expect(api.get_storage_container_by_id(site.container).data.name, "default-container")
    body = site.new("clustermgmt.v4.config.StorageContainer", name="sdk-container")
    made = site.done(
        api.create_storage_container(body, X_Cluster_Id=site.cluster), "clustermgmt:config:storage-containers"
    )
    body = api.get_storage_container_by_id(made).data
    body.logical_advertised_capacity_bytes = 1 << 40
    site.done(api.update_storage_container_by_id(made, body))
    expect(api.get_storage_container_by_id(made).data.logical_advertised_capacity_bytes, 1 << 40)
    site.done(api.delete_storage_container_by_id(made))
    with site.refused("clustermgmt", 404):
        api.get_storage_container_by_id(made)


def subnets(site: Site) -> None:
    api = site.api("networking", "SubnetsApi")
    found = api.list_subnets(_filter="name eq 'berlin-managed'").data
    site.subnet = found[0].ext_id
    expect(api.get_subnet_by_id(site.subnet).data.ip_config[0].ipv4.ip_subnet.prefix_length, 16)
    made = site.done(api.create_subnet(_managed(site, "sdk-subnet")), "networking:config:subnet")
    body = api.get_subnet_by_id(made).data
    body.description = "changed"
    site.done(api.update_subnet_by_id(made, body))
    expect(api.get_subnet_by_id(made).data.description, "changed")
    site.done(api.delete_subnet_by_id(made))
    with site.refused("networking", 404):
        api.get_subnet_by_id(made)


def _managed(site: Site, name: str) -> object:
    def address(value: str) -> object:
        return site.new_in("networking", "common.v1.config.IPv4Address", value=value)

    pool = site.new("networking.v4.config.IPv4Pool", start_ip=address("10.9.0.10"), end_ip=address("10.9.0.99"))
    network = site.new("networking.v4.config.IPv4Subnet", ip=address("10.9.0.0"), prefix_length=24)
    ipv4 = site.new(
        "networking.v4.config.IPv4Config",
        ip_subnet=network,
        default_gateway_ip=address("10.9.0.1"),
        pool_list=[pool],
    )
    return site.new(
        "networking.v4.config.Subnet",
        name=name,
        subnet_type="VLAN",
        network_id=77,
        cluster_reference=site.cluster,
        ip_config=[site.new("networking.v4.config.IPConfig", ipv4=ipv4)],
    )


def categories(site: Site) -> None:
    api = site.api("prism", "CategoriesApi")
    expect(api.list_categories(_filter="key eq 'Environment'", _limit=3).metadata.total_available_results, 4)
    body = site.new("prism.v4.config.Category", key="Purpose", value="sdk", description="made by an SDK")
    site.category = api.create_category(body).data.ext_id
    got = api.get_category_by_id(site.category, _expand="detailedAssociations")
    got.data.description = "changed"
    api.update_category_by_id(site.category, got.data, **site.etag(got))
    expect(api.get_category_by_id(site.category).data.description, "changed")
    expect(api.list_categories(_expand="associations", _orderby="key desc").data[0].key, "Purpose")
    other = api.create_category(site.new("prism.v4.config.Category", key="Purpose", value="spare")).data
    api.delete_category_by_id(other.ext_id)
    with site.refused("prism", 404):
        api.get_category_by_id(other.ext_id)
