"""Keys of cloud-config for disks and packages."""

from __future__ import annotations

from pulumi_ahv.payload.cloudinit.shapes import (
    ANYTHING,
    FLAG,
    MAPPING,
    SOME_TEXTS,
    TEXT,
    TEXTS,
    WHOLE,
    Listing,
    Nothing,
    Old,
    Shape,
    Table,
    Text,
    Whole,
    either,
    of,
    words,
)

_SIZE = Text(pattern=r"([0-9]+)?\.?[0-9]+[BKMGT]")
_PARTITION = either(WHOLE, Listing(either(WHOLE, TEXT), least=2, most=2))

STORAGE: dict[str, Shape] = {
    "device_aliases": Table(others=TEXT),
    "disk_setup": Table(
        others=Table(
            {
                "table_type": words("mbr gpt"),
                "layout": either(words("remove"), FLAG, Listing(_PARTITION)),
                "overwrite": FLAG,
            }
        )
    ),
    "fs_setup": Listing(
        Table(
            {
                **of("label filesystem device replace_fs", TEXT),
                "partition": either(Whole(0), words("auto any none"), Text(pattern="[0-9]+")),
                "overwrite": FLAG,
                **of("extra_opts cmd", either(TEXT, TEXTS)),
            }
        )
    ),
    "mounts": Listing(Listing(TEXT, least=1, most=6), least=1),
    "mount_default_fields": Listing(either(TEXT, Nothing()), least=6, most=6),
    "swap": Table({"filename": TEXT, "size": either(words("auto"), WHOLE, _SIZE), "maxsize": either(WHOLE, _SIZE)}),
}

_PACKAGE = either(TEXT, Listing(TEXT, least=2, most=2))
_MIRROR = Listing(
    Table(
        {**of("uri keyid key keyserver", TEXT), **of("arches search", SOME_TEXTS), "search_dns": FLAG},
        required=("arches",),
    ),
    least=1,
)
_REPOSITORY_SETTING = either(TEXT, WHOLE, FLAG)

PACKAGES: dict[str, Shape] = {
    "packages": Listing(either(_PACKAGE, Table(of("apt snap", Listing(_PACKAGE)))), least=1),
    **of("package_update package_upgrade package_reboot_if_required", FLAG),
    **of("apt_update apt_upgrade apt_reboot_if_required", FLAG),
    "apt": Table(
        {
            **of("preserve_sources_list generate_mirrorlists", FLAG),
            "disable_suites": Listing(TEXT, least=1, unique=True),
            **of("primary security", _MIRROR),
            **of("add_apt_repo_match sources_list conf https_proxy http_proxy proxy ftp_proxy", TEXT),
            "debconf_selections": Table(others=TEXT, least=1),
            "sources": Table(
                others=Table({**of("source keyid key keyserver filename", TEXT), "append": FLAG}, least=1)
            ),
        },
        least=1,
    ),
    "apt_pipelining": either(
        WHOLE, FLAG, words("os"), Old(words("none unchanged"), "Write false, or os to leave it as it is.")
    ),
    "yum_repo_dir": TEXT,
    "yum_repos": Table(
        others=Table(
            {**of("baseurl metalink mirrorlist name", TEXT), "enabled": FLAG},
            others=_REPOSITORY_SETTING,
            others_pattern="[0-9a-zA-Z_]+",
            one_of=("baseurl", "metalink", "mirrorlist"),
        ),
        least=1,
    ),
    "zypper": Table(
        {
            "repos": Listing(Table(of("id baseurl", TEXT), required=("id", "baseurl"), others=ANYTHING), least=1),
            "config": MAPPING,
        },
        others=ANYTHING,
        least=1,
    ),
    "snap": Table(
        {
            "assertions": either(Listing(TEXT, least=1, unique=True), Table(others=TEXT, least=1)),
            "commands": either(Listing(either(TEXT, TEXTS), least=1), Table(others=either(TEXT, TEXTS), least=1)),
        },
        least=1,
    ),
}

OLD_KEYS = {
    "apt_update": "Write package_update.",
    "apt_upgrade": "Write package_upgrade.",
    "apt_reboot_if_required": "Write package_reboot_if_required.",
    "grub-dpkg": "Write grub_dpkg.",
    "ca-certs": "Write ca_certs.",
    "ubuntu_advantage": "Write ubuntu_pro.",
}
