"""An image's life: made from a URL, found, changed with its ETag, downloaded, removed."""

from __future__ import annotations

from driven import Site, expect

REL = "vmm:content:image"


def make(site: Site, name: str, kind: str) -> str:
    """An image from the web server of the test; its id."""
    source = site.new("vmm.v4.content.UrlSource", url=site.ask["images"][kind], should_allow_insecure_url=True)
    body = site.new(
        "vmm.v4.content.Image",
        name=name,
        type=kind,
        description="made by an SDK",
        source=source,
        cluster_location_ext_ids=[site.cluster],
        category_ext_ids=[site.category],
    )
    return site.done(site.api("vmm", "ImagesApi").create_image(body), REL)


def walk_through(site: Site) -> None:
    """Make the images that VMs need, and one that lives and dies here."""
    api = site.api("vmm", "ImagesApi")
    site.image = make(site, "golden", "DISK_IMAGE")
    site.disc = make(site, "tools", "ISO_IMAGE")
    gone = make(site, "short-lived", "DISK_IMAGE")
    found = api.list_images(_filter="name eq 'short-lived' and type eq Vmm.Content.ImageType'DISK_IMAGE'").data
    expect([each.ext_id for each in found], [gone])
    expect(api.list_images(_select="name,extId", _orderby="name desc").data[0].name, "tools")
    got = api.get_image_by_id(gone)
    got.data.name = "renamed"
    got.data.category_ext_ids = []
    site.done(api.update_image_by_id(gone, got.data, **site.etag(got)))
    changed = api.get_image_by_id(gone)
    expect((changed.data.name, changed.data.category_ext_ids), ("renamed", None))
    site.done(api.update_image_by_id(gone, changed.data, **site.etag(changed)))
    with site.refused("vmm", 412):
        api.update_image_by_id(gone, got.data, **site.etag(got))
    unfit(site)
    expect(api.get_file_by_image_id(gone).data["path"].stat().st_size, 1 << 20)
    site.done(api.delete_image_by_id(gone, **site.etag(api.get_image_by_id(gone))))
    with site.refused("vmm", 404, "VMM-20005"):
        api.get_image_by_id(gone)


def unfit(site: Site) -> None:
    """An image whose checksum does not fit, and one that is given up."""
    api = site.api("vmm", "ImagesApi")
    source = site.new("vmm.v4.content.UrlSource", url=site.ask["images"]["DISK_IMAGE"], should_allow_insecure_url=True)
    checksum = site.new("vmm.v4.content.ImageSha256Checksum", hex_digest="0" * 64)
    body = site.new("vmm.v4.content.Image", name="wrong", type="DISK_IMAGE", source=source, checksum=checksum)
    task = site.ended(api.create_image(body))
    expect((task.status, bool(task.error_messages)), ("FAILED", True))
    given_up = api.create_image(site.new("vmm.v4.content.Image", name="given-up", type="DISK_IMAGE", source=source))
    said = site.api("prism", "TasksApi").cancel_task(given_up.data.ext_id).data
    expect((said.severity, site.ended(given_up).status), ("INFO", "CANCELED"))
