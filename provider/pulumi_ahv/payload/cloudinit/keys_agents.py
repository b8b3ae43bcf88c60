"""Keys of cloud-config for configuration systems and vendors' services."""

from __future__ import annotations

from pulumi_ahv.payload.cloudinit.shapes import (
    ANYTHING,
    FLAG,
    MAPPING,
    TEXT,
    TEXTS,
    WHOLE,
    Listing,
    Nothing,
    Number,
    Old,
    Shape,
    Table,
    Text,
    Whole,
    either,
    of,
    words,
)

_ANSIBLE_RUN = Table(
    {
        **of(
            "playbook_name playbook_dir become_password_file connection_password_file vault_id vault_password_file",
            TEXT,
        ),
        **of("module_path args extra_vars inventory scp_extra_args sftp_extra_args private_key connection", TEXT),
        **of("module_name sleep tags skip_tags", TEXT),
        **of("list_hosts syntax_check check diff", FLAG),
        **of("timeout background poll forks", Number(0)),
    },
    others=ANYTHING,
)
_ANSIBLE_PULL = Table(
    {
        **of("accept_host_key clean full diff verify_commit", FLAG),
        **of("ssh_common_args scp_extra_args sftp_extra_args private_key checkout module_path timeout url", TEXT),
        **of("connection vault_id vault_password_file inventory module_name sleep tags skip_tags playbook_name", TEXT),
    },
    required=("url", "playbook_name"),
)
_PRO = Table(
    {
        **of("enable enable_beta", TEXTS),
        "token": TEXT,
        "features": Table({"disable_auto_attach": FLAG}),
        "config": Table(
            of(
                "http_proxy https_proxy global_apt_http_proxy global_apt_https_proxy ua_apt_http_proxy "
                "ua_apt_https_proxy",
                either(TEXT, Nothing()),
            ),
            others=ANYTHING,
        ),
    }
)
_LXD_BRIDGE = Table(
    {
        "mode": words("none existing new"),
        **of("name ipv4_address ipv4_dhcp_first ipv4_dhcp_last ipv6_address domain", TEXT),
        "mtu": Whole(-1),
        **of("ipv4_netmask ipv4_dhcp_leases ipv6_netmask", WHOLE),
        **of("ipv4_nat ipv6_nat", FLAG),
    },
    required=("mode",),
)

CONFIGURATION_SYSTEMS: dict[str, Shape] = {
    "ansible": Table(
        {
            "install_method": words("distro pip"),
            **of("run_user ansible_config package_name", TEXT),
            "setup_controller": Table(
                {
                    "repositories": Listing(Table(of("path source", TEXT), required=("path", "source"))),
                    "run_ansible": Listing(_ANSIBLE_RUN),
                }
            ),
            "galaxy": Table({"actions": Listing(TEXTS)}, required=("actions",)),
            "pull": _ANSIBLE_PULL,
        }
    ),
    "chef": Table(
        {
            "directories": Listing(TEXT, least=1, unique=True),
            **of("config_path validation_cert validation_key firstboot_path client_key", TEXT),
            **of("encrypted_data_bag_secret environment file_backup_path file_cache_path json_attribs", TEXT),
            **of("log_level log_location node_name omnibus_url omnibus_version pid_file server_url", TEXT),
            **of("ssl_verify_mode validation_name", TEXT),
            "omnibus_url_retries": WHOLE,
            **of("exec show_time force_install", FLAG),
            "initial_attributes": MAPPING,
            "install_type": words("packages gems omnibus"),
            "run_list": TEXTS,
            "chef_license": words("accept accept-silent accept-no-persist"),
        },
        least=1,
    ),
    "puppet": Table(
        {
            **of("install cleanup exec start_service", FLAG),
            **of("version collection aio_install_url conf_file ssl_dir csr_attributes_path package_name", TEXT),
            "install_type": words("packages aio"),
            "exec_args": TEXTS,
            "conf": Table({**of("main server agent user", MAPPING), "ca_cert": TEXT}),
            "csr_attributes": Table(of("custom_attributes extension_requests", MAPPING)),
        }
    ),
    "salt_minion": Table(
        {
            **of("pkg_name service_name config_dir public_key private_key pki_dir", TEXT),
            **of("conf grains", MAPPING),
        }
    ),
    "mcollective": Table(
        {"conf": Table(of("public-cert private-cert", TEXT), others=either(FLAG, WHOLE, TEXT))},
    ),
}

VENDORS: dict[str, Shape] = {
    "apk_repos": Table(
        {
            "preserve_repositories": FLAG,
            "alpine_repo": either(
                Nothing(),
                Table(
                    {**of("base_url version", TEXT), **of("community_enabled testing_enabled", FLAG)},
                    required=("version",),
                    least=1,
                ),
            ),
            "local_repo_base_url": TEXT,
        },
        least=1,
    ),
    "autoinstall": Table({"version": WHOLE}, required=("version",), others=ANYTHING),
    "byobu_by_default": words("enable-system enable-user disable-system disable-user enable disable user system"),
    "drivers": Table(
        {"nvidia": Table({"license-accepted": FLAG, "version": TEXT}, required=("license-accepted",))},
    ),
    "fan": Table(of("config config_path", TEXT), required=("config",)),
    "grub_dpkg": Table(
        {
            "enabled": FLAG,
            **of("grub-pc/install_devices grub-efi/install_devices", TEXT),
            "grub-pc/install_devices_empty": either(FLAG, Old(TEXT, "Write true or false.")),
        }
    ),
    "grub-dpkg": MAPPING,
    "landscape": Table(
        {
            "client": Table(
                {
                    **of("url ping_url data_path computer_title account_name registration_key", TEXT),
                    **of("http_proxy https_proxy", TEXT),
                    "log_level": words("debug info warning error critical"),
                    "tags": Text(pattern="[-_0-9a-zA-Z]+(,[-_0-9a-zA-Z]+)*"),
                },
                required=("computer_title", "account_name"),
                others=ANYTHING,
            )
        },
        required=("client",),
    ),
    "lxd": Table(
        {
            "init": Table(
                {
                    **of("network_address storage_create_device storage_pool trust_password", TEXT),
                    **of("network_port storage_create_loop", WHOLE),
                    "storage_backend": words("zfs dir lvm btrfs"),
                }
            ),
            "bridge": _LXD_BRIDGE,
            "preseed": TEXT,
        },
        least=1,
    ),
    "rh_subscription": Table(
        {
            **of("username password activation-key service-level rhsm-baseurl server-hostname", TEXT),
            **of("activation_key service_level rhsm_baseurl server_hostname release_version", TEXT),
            "org": either(TEXT, Old(WHOLE, "Put it into quotes.")),
            **of("auto-attach auto_attach", FLAG),
            **of("add-pool enable-repo disable-repo add_pool enable_repo disable_repo", TEXTS),
        }
    ),
    "spacewalk": Table(of("server proxy activation_key", TEXT)),
    **of("ubuntu_pro ubuntu_advantage", _PRO),
    "wireguard": either(
        Nothing(),
        Table(
            {
                "interfaces": Listing(Table(of("name config_path content", TEXT)), least=1),
                "readinessprobe": Listing(TEXT, unique=True),
            },
            required=("interfaces",),
            least=1,
        ),
    ),
}
