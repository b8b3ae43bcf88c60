"""A VM's life, from an image to its end, with devices, guest tools, clones and a guest that shuts down."""

from __future__ import annotations

import base64
from typing import Any

import images
from driven import Site, expect

AHV = "vmm.v4.ahv.config"
REL = "vmm:ahv:config:vm"
_SCRIPT = base64.b64encode(b"#cloud-config\nhostname: sdk\n").decode()


def image_backing(site: Site, image: str) -> Any:
    """A disk or drive backed by an image."""
    reference = site.new(f"{AHV}.ImageReference", image_ext_id=image)
    return site.new(f"{AHV}.VmDisk", data_source=site.new(f"{AHV}.DataSource", reference=reference))


def empty_backing(site: Site) -> Any:
    """A new disk on the default container."""
    container = site.new(f"{AHV}.VmDiskContainerReference", ext_id=site.container)
    return site.new(f"{AHV}.VmDisk", disk_size_bytes=1 << 30, storage_container=container)


def nic(site: Site) -> Any:
    """A NIC on the managed subnet, in the words of the client's generation."""
    subnet = site.new(f"{AHV}.SubnetReference", ext_id=site.subnet)
    if site.is_first:
        network = site.new(f"{AHV}.NicNetworkInfo", subnet=subnet, nic_type="NORMAL_NIC")
        return site.new(f"{AHV}.Nic", backing_info=site.new(f"{AHV}.EmulatedNic"), network_info=network)
    network = site.new(f"{AHV}.VirtualEthernetNicNetworkInfo", subnet=subnet, nic_type="NORMAL_NIC")
    return site.new(f"{AHV}.Nic", nic_backing_info=site.new(f"{AHV}.VirtualEthernetNic"), nic_network_info=network)


def customization(site: Site) -> Any:
    """Cloud-init for one boot."""
    config = site.new(
        f"{AHV}.CloudInit",
        datasource_type="CONFIG_DRIVE_V2",
        cloud_init_script=site.new(f"{AHV}.Userdata", value=_SCRIPT),
    )
    return site.new(f"{AHV}.GuestCustomizationParams", config=config)


def body(site: Site, name: str) -> Any:
    """A VM with a disk of the golden image, an empty drive, a NIC and cloud-init."""
    address = site.new(f"{AHV}.DiskAddress", bus_type="SCSI", index=0)
    return site.new(
        f"{AHV}.Vm",
        name=name,
        description="made by an SDK",
        num_sockets=2,
        num_cores_per_socket=1,
        memory_size_bytes=2 << 30,
        cluster=site.new(f"{AHV}.ClusterReference", ext_id=site.cluster),
        disks=[site.new(f"{AHV}.Disk", disk_address=address, backing_info=image_backing(site, site.image))],
        cd_roms=[site.new(f"{AHV}.CdRom", disk_address=site.new(f"{AHV}.CdRomAddress", bus_type="SATA", index=0))],
        nics=[nic(site)],
        boot_config=site.new(f"{AHV}.UefiBoot", is_secure_boot_enabled=False, boot_order=["CDROM", "DISK", "NETWORK"]),
        guest_customization=customization(site),
    )


def make(site: Site, name: str) -> str:
    """A VM; its id."""
    return site.done(site.api("vmm", "VmApi").create_vm(body(site, name)), REL)


def tag(site: Site, vm: str) -> dict[str, str]:
    """The VM's ETag of this moment, as a keyword."""
    return site.etag(site.api("vmm", "VmApi").get_vm_by_id(vm))


def walk_through(site: Site) -> None:
    """One VM's life."""
    api = site.api("vmm", "VmApi")
    vm = make(site, "sdk-vm")
    made = api.get_vm_by_id(vm).data
    expect((made.name, made.power_state, len(made.disks), len(made.nics)), ("sdk-vm", "OFF", 1, 1))
    update(site, vm)
    devices(site, vm)
    site.done(api.power_on_vm(vm, **tag(site, vm)))
    site.advance(60)
    running = api.get_vm_by_id(vm).data
    expect((running.power_state, bool(running.host.ext_id)), ("ON", True))
    guest_tools(site, vm)
    drives(site, vm)
    belongings(site, vm)
    clones(site, vm)
    power(site, vm)
    recustomize(site, vm)
    site.done(api.delete_vm_by_id(vm, **tag(site, vm)))
    with site.refused("vmm", 404):
        api.get_vm_by_id(vm)


def update(site: Site, vm: str) -> None:
    api = site.api("vmm", "VmApi")
    got = api.get_vm_by_id(vm)
    got.data.memory_size_bytes = 4 << 30
    got.data.description = "changed"
    site.done(api.update_vm_by_id(vm, got.data, **site.etag(got)))
    changed = api.get_vm_by_id(vm).data
    expect((changed.memory_size_bytes, changed.description), (4 << 30, "changed"))
    with site.refused("vmm", 412, "VMM-30303"):
        api.update_vm_by_id(vm, got.data, **site.etag(got))


def devices(site: Site, vm: str) -> None:
    """Disks, NICs and serial ports by their own endpoints."""
    api = site.api("vmm", "VmApi")
    address = site.new(f"{AHV}.DiskAddress", bus_type="SCSI", index=3)
    wanted = site.new(f"{AHV}.Disk", disk_address=address, backing_info=empty_backing(site))
    disk = site.done(api.create_disk(vm, wanted, **tag(site, vm)), f"{REL}:disk")
    got = api.get_disk_by_id(vm, disk)
    got.data.backing_info.disk_size_bytes = 2 << 30
    site.done(api.update_disk_by_id(vm, disk, got.data, **tag(site, vm)))
    expect(api.get_disk_by_id(vm, disk).data.backing_info.disk_size_bytes, 2 << 30)
    expect(api.list_disks_by_vm_id(vm).metadata.total_available_results, 2)
    site.done(api.delete_disk_by_id(vm, disk, **tag(site, vm)))
    card = site.done(api.create_nic(vm, nic(site), **tag(site, vm)), f"{REL}:nic")
    expect(len(api.list_nics_by_vm_id(vm).data), 2)
    got = api.get_nic_by_id(vm, card)
    site.done(api.update_nic_by_id(vm, card, got.data, **tag(site, vm)))
    addresses(site, vm, card)
    site.done(api.delete_nic_by_id(vm, card, **tag(site, vm)))
    port = site.new(f"{AHV}.SerialPort", index=0, is_connected=True)
    serial = site.done(api.create_serial_port(vm, port, **tag(site, vm)), f"{REL}:serialport")
    expect(api.get_serial_port_by_id(vm, serial).data.index, 0)
    expect(len(api.list_serial_ports_by_vm_id(vm).data), 1)
    got = api.get_serial_port_by_id(vm, serial)
    got.data.is_connected = False
    site.done(api.update_serial_port_by_id(vm, serial, got.data, **tag(site, vm)))
    site.done(api.delete_serial_port_by_id(vm, serial, **tag(site, vm)))
    spare = site.new(f"{AHV}.CdRom", disk_address=site.new(f"{AHV}.CdRomAddress", bus_type="SATA", index=1))
    drive = site.done(api.create_cd_rom(vm, spare, **tag(site, vm)), f"{REL}:cdrom")
    site.done(api.delete_cd_rom_by_id(vm, drive, **tag(site, vm)))


def addresses(site: Site, vm: str, card: str) -> None:
    """Another address for a NIC, and what its subnet says of it."""
    api = site.api("vmm", "VmApi")
    site.done(api.release_ip_by_id(vm, card, **tag(site, vm)))
    wanted = site.new_in("vmm", "common.v1.config.IPv4Address", value="10.42.7.7")
    spec = site.new(f"{AHV}.AssignIpParams", ip_address=wanted)
    site.done(api.assign_ip_by_id(vm, card, spec, **tag(site, vm)))
    got = api.get_nic_by_id(vm, card).data
    expect((got.network_info or got.nic_network_info).ipv4_config.ip_address.value, "10.42.7.7")
    vnics = site.api("networking", "SubnetsApi").list_vnics_by_subnet_id(site.subnet).data
    expect({each.vm_reference for each in vnics} >= {vm}, True)


def guest_tools(site: Site, vm: str) -> None:
    api = site.api("vmm", "VmApi")
    expect(api.get_guest_tools_by_id(vm).data.is_installed, False)
    spec = site.new(f"{AHV}.GuestToolsInsertConfig", capabilities=["VSS_SNAPSHOT"], is_config_only=False)
    drive = site.done(api.insert_vm_guest_tools(vm, spec, **_tools_tag(site, vm)), f"{REL}:cdrom")
    expect(api.get_guest_tools_by_id(vm).data.is_iso_inserted, True)
    expect(api.get_cd_rom_by_id(vm, drive).data.iso_type, "GUEST_TOOLS")
    site.done(api.eject_cd_rom_by_id(vm, drive, **tag(site, vm)))
    spec = site.new(
        f"{AHV}.GuestToolsInstallConfig",
        capabilities=["SELF_SERVICE_RESTORE", "VSS_SNAPSHOT"],
        credential=site.new(f"{AHV}.Credential", username="root", password="secret"),
        reboot_preference=site.new(f"{AHV}.RebootPreference", schedule_type="IMMEDIATE"),
    )
    site.done(api.install_vm_guest_tools(vm, spec, **_tools_tag(site, vm)))
    site.advance(60)
    got = api.get_guest_tools_by_id(vm)
    expect((got.data.is_installed, got.data.is_reachable), (True, True))
    got.data.capabilities = ["VSS_SNAPSHOT"]
    site.done(api.update_guest_tools_by_id(vm, got.data, **_tools_tag(site, vm)))
    reboot = site.new(f"{AHV}.RebootPreference", schedule_type="SKIP")
    spec = site.new(f"{AHV}.GuestToolsUpgradeConfig", reboot_preference=reboot)
    task = site.ended(api.upgrade_vm_guest_tools(vm, spec, **_tools_tag(site, vm)))
    expect((task.status, "already upgraded" in task.error_messages[0].message), ("FAILED", True))


def _tools_tag(site: Site, vm: str) -> dict[str, str]:
    """The first release sends no ETag with the tools: then the VM's does."""
    found = site.etag(site.api("vmm", "VmApi").get_guest_tools_by_id(vm))
    return found if found["if_match"] else tag(site, vm)


def drives(site: Site, vm: str) -> None:
    """Insert a disc, and take it out."""
    api = site.api("vmm", "VmApi")
    drive = api.list_cd_roms_by_vm_id(vm).data[0].ext_id
    spec = site.new(f"{AHV}.CdRomInsertParams", backing_info=image_backing(site, site.disc))
    current = api.get_cd_rom_by_id(vm, drive).data
    if current.backing_info is not None:
        site.done(api.eject_cd_rom_by_id(vm, drive, **tag(site, vm)))
    site.done(api.insert_cd_rom_by_id(vm, drive, spec, **tag(site, vm)))
    full = api.get_cd_rom_by_id(vm, drive).data
    expect((full.iso_type, bool(full.backing_info.disk_size_bytes)), ("OTHER", True))
    site.done(api.eject_cd_rom_by_id(vm, drive, **tag(site, vm)))
    expect(api.get_cd_rom_by_id(vm, drive).data.backing_info, None)


def belongings(site: Site, vm: str) -> None:
    """Categories, and the lists that show them."""
    api = site.api("vmm", "VmApi")
    references = [site.new(f"{AHV}.CategoryReference", ext_id=site.category)]
    spec = site.new(f"{AHV}.AssociateVmCategoriesParams", categories=references)
    site.done(api.associate_categories(vm, spec, **tag(site, vm)))
    expect([each.ext_id for each in api.get_vm_by_id(vm).data.categories], [site.category])
    prism = site.api("prism", "CategoriesApi")
    expect(len(prism.get_category_by_id(site.category, _expand="detailedAssociations").data.detailed_associations), 3)
    expect(bool(prism.list_categories(_expand="associations", _filter="key eq 'Purpose'").data[0].associations), True)
    spec = site.new(f"{AHV}.DisassociateVmCategoriesParams", categories=references)
    site.done(api.disassociate_categories(vm, spec, **tag(site, vm)))
    expect(api.get_vm_by_id(vm).data.categories, None)


def clones(site: Site, vm: str) -> None:
    api = site.api("vmm", "VmApi")
    spec = site.new(f"{AHV}.CloneOverrideParams", name="sdk-clone", num_sockets=4, memory_size_bytes=1 << 30)
    clone = site.done(api.clone_vm(vm, spec, **tag(site, vm)), REL)
    found = api.get_vm_by_id(clone).data
    expect((found.name, found.num_sockets, found.power_state), ("sdk-clone", 4, "OFF"))
    power_on = "powerState eq Vmm.Ahv.Config.PowerState'ON'"
    expect([each.ext_id for each in api.list_vms(_filter=power_on).data], [vm])
    expect(
        api.list_vms(_filter=f"cluster/extId eq '{site.cluster}'", _select="name,nics").data[0].name is not None, True
    )
    site.done(api.delete_vm_by_id(clone, **tag(site, clone)))
    if not site.is_first and site.ask["release"] == "v4.3":
        options = site.new(f"{AHV}.BulkCloneOptions", num_vms=3, name_suffix_start_index=1)
        spec = site.new(f"{AHV}.CloneOverrideParams", name="sdk-bulk", bulk_clone_options=options)
        site.done(api.clone_vm(vm, spec, **tag(site, vm)), REL)
        for each in api.list_vms(_filter="startswith(name, 'sdk-bulk')").data:
            site.done(api.delete_vm_by_id(each.ext_id, **tag(site, each.ext_id)))


def power(site: Site, vm: str) -> None:
    """Every power action; the guest shuts down through its tools at the end."""
    api = site.api("vmm", "VmApi")
    for action in (api.reset_vm, api.power_cycle_vm, api.reboot_vm):
        site.done(action(vm, **tag(site, vm)))
        site.advance(60)
    script = site.new(f"{AHV}.GuestPowerStateTransitionConfig", should_enable_script_exec=False)
    options = site.new(f"{AHV}.GuestPowerOptions", guest_power_state_transition_config=script)
    site.done(api.reboot_guest_vm(vm, options, **tag(site, vm)))
    site.advance(60)
    site.done(api.shutdown_guest_vm(vm, options, **tag(site, vm)))
    site.advance(60)
    expect(api.get_vm_by_id(vm).data.power_state, "OFF")
    site.done(api.power_on_vm(vm, **tag(site, vm)))
    site.advance(60)
    site.done(api.uninstall_vm_guest_tools(vm, **_tools_tag(site, vm)))
    site.done(api.shutdown_vm(vm, **tag(site, vm)))
    site.advance(60)
    site.done(api.power_on_vm(vm, **tag(site, vm)))
    site.done(api.power_off_vm(vm, **tag(site, vm)))
    expect(api.get_vm_by_id(vm).data.power_state, "OFF")


def recustomize(site: Site, vm: str) -> None:
    """Stage cloud-init for the next boot, and make an image of the VM's disk."""
    api = site.api("vmm", "VmApi")
    site.done(api.customize_guest_vm(vm, customization(site), **tag(site, vm)))
    expect(api.get_vm_by_id(vm).data.power_state, "OFF")
    source = site.new("vmm.v4.content.VmDiskSource", ext_id=api.get_vm_by_id(vm).data.disks[0].ext_id)
    spec = site.new("vmm.v4.content.Image", name="of-a-disk", type="DISK_IMAGE", source=source)
    made = site.done(site.api("vmm", "ImagesApi").create_image(spec), images.REL)
    expect(site.api("vmm", "ImagesApi").get_image_by_id(made).data.size_bytes, 1 << 20)
