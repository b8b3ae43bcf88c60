"""Keys of cloud-config that set up the system: name, time, users, SSH, files, commands, power."""

from __future__ import annotations

from pulumi_ahv.payload.cloudinit.shapes import (
    ANYTHING,
    FLAG,
    MAPPING,
    SOME_TEXTS,
    TEXT,
    TEXTS,
    WHOLE,
    Flag,
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

_DASHED_FLAGS = of("lock-passwd no-create-home no-log-init no-user-group create-groups ssh-redirect-user", FLAG)
_DASHED_TEXTS = of("hashed-passwd plain-text-passwd primary-group selinux-user", TEXT)
_DASHED_LISTS = of("ssh-authorized-keys ssh-import-id", SOME_TEXTS)
_DASHED: dict[str, Shape] = {**_DASHED_FLAGS, **_DASHED_TEXTS, **_DASHED_LISTS}

USER = Table(
    {
        **_DASHED,
        "expiredate": Text(pattern="[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        **of("name gecos homedir inactive passwd shell snapuser", TEXT),
        **of("hashed_passwd plain_text_passwd primary_group selinux_user", TEXT),
        **of("lock_passwd no_create_home no_log_init no_user_group create_groups ssh_redirect_user system", FLAG),
        **of("doas ssh_authorized_keys ssh_import_id", SOME_TEXTS),
        "groups": either(TEXT, SOME_TEXTS, Old(Table(others=ANYTHING, least=1), "Write a list of names.")),
        "sudo": either(
            TEXT, Nothing(), Listing(either(TEXT, Nothing())), Old(FLAG, "Write null or the text of a sudo rule.")
        ),
        "uid": either(WHOLE, Old(TEXT, "Write a number.")),
    },
    old={name: f"Write {name.replace('-', '_')}." for name in _DASHED},
    one_of=("name", "snapuser"),
)
_GROUPS = Table(others=either(TEXT, SOME_TEXTS))
_COMMAND = either(TEXT, TEXTS)
_PASSWORD = either(
    Table({"name": TEXT, "type": words("RANDOM")}, required=("name", "type")),
    Table({"name": TEXT, "type": words("hash text"), "password": TEXT}, required=("name", "password")),
)

HOST: dict[str, Shape] = {
    **of("hostname fqdn timezone locale_configfile final_message", TEXT),
    **of("preserve_hostname prefer_fqdn_over_hostname create_hostname_file", FLAG),
    "locale": either(FLAG, TEXT),
    "manage_etc_hosts": either(FLAG, words("localhost"), Old(words("template"), "Write true.")),
    "keyboard": Table(of("layout model variant options", TEXT), required=("layout",)),
    "manage_resolv_conf": FLAG,
    "resolv_conf": Table({**of("nameservers searchdomains sortlist", Listing()), "domain": TEXT, "options": MAPPING}),
    "ntp": either(
        Nothing(),
        Table(
            {
                **of("pools servers peers allow", Listing(TEXT, unique=True)),
                "ntp_client": TEXT,
                "enabled": FLAG,
                "config": Table(
                    {**of("confpath check_exe service_name template", TEXT), "packages": Listing(TEXT, unique=True)},
                    least=1,
                ),
            }
        ),
    ),
}

ACCESS: dict[str, Shape] = {
    "users": either(TEXT, Listing(either(TEXT, TEXTS, USER)), Table(others=ANYTHING)),
    "user": either(TEXT, USER),
    "groups": either(TEXT, Listing(either(TEXT, _GROUPS), least=1), _GROUPS),
    "password": TEXT,
    "chpasswd": Table(
        {
            "expire": FLAG,
            "users": Listing(_PASSWORD),
            "list": either(TEXT, Listing(Text(pattern=".+:.+"), least=1)),
        },
        old={"list": "Write chpasswd.users: a list of {name, password, type}."},
    ),
    "ssh_pwauth": either(FLAG, Old(TEXT, "Write true or false.")),
    **of("disable_root no_ssh_fingerprints ssh_deletekeys allow_public_ssh_keys ssh_quiet_keygen", FLAG),
    **of("disable_root_opts authkey_hash", TEXT),
    "ssh_authorized_keys": SOME_TEXTS,
    "ssh_import_id": TEXTS,
    "ssh_genkeytypes": Listing(words("ecdsa ed25519 rsa"), least=1),
    "ssh_keys": Table(others=TEXT, others_pattern="(ecdsa|ed25519|rsa)_(public|private|certificate)"),
    "ssh_publish_hostkeys": Table({"enabled": FLAG, "blacklist": TEXTS}),
    "ssh": Table({"emit_keys_to_console": FLAG}, required=("emit_keys_to_console",)),
    **of("ssh_key_console_blacklist ssh_fp_console_blacklist", Listing(TEXT, unique=True)),
}

FILES: dict[str, Shape] = {
    "write_files": Listing(
        Table(
            {
                **of("path content owner permissions", TEXT),
                "encoding": words("gz gzip gz+base64 gzip+base64 gz+b64 gzip+b64 b64 base64 text/plain"),
                "source": Table({"uri": TEXT, "headers": Table(others=TEXT)}, required=("uri",)),
                **of("append defer", FLAG),
            },
            required=("path",),
        ),
        least=1,
    ),
    "random_seed": Table(
        {
            **of("file data", TEXT),
            "encoding": words("raw base64 b64 gzip gz"),
            "command": TEXTS,
            "command_required": FLAG,
        }
    ),
    **of(
        "ca_certs ca-certs",
        Table(
            {"remove_defaults": FLAG, "remove-defaults": FLAG, "trusted": SOME_TEXTS},
            old={"remove-defaults": "Write remove_defaults."},
            least=1,
        ),
    ),
}

COMMANDS: dict[str, Shape] = {
    "bootcmd": Listing(_COMMAND, least=1),
    "runcmd": Listing(either(TEXT, TEXTS, Nothing()), least=1),
    "power_state": Table(
        {
            "mode": words("poweroff reboot halt"),
            "delay": either(Whole(0), words("now"), Old(Text(pattern=r"\+?[0-9]+"), "Write a number of minutes.")),
            "message": TEXT,
            "timeout": WHOLE,
            "condition": either(TEXT, FLAG, Listing()),
        },
        required=("mode",),
    ),
    "phone_home": Table(
        {
            "url": TEXT,
            "tries": WHOLE,
            "post": either(
                words("all"), Listing(words("pub_key_rsa pub_key_ecdsa pub_key_ed25519 instance_id hostname fqdn"))
            ),
        },
        required=("url",),
    ),
    "rsyslog": Table(
        {
            **of("config_dir config_filename check_exe", TEXT),
            "configs": Listing(either(TEXT, Table(of("filename content", TEXT), required=("content",)))),
            "remotes": MAPPING,
            "service_reload_command": either(words("auto"), TEXTS),
            "install_rsyslog": FLAG,
            "packages": Listing(TEXT, unique=True),
        }
    ),
}

_LOG_TARGET = either(TEXT, Listing(TEXT, least=2, most=2), Table(of("output error", TEXT)))
_MERGE = either(
    TEXT,
    Listing(
        Table(
            {
                "name": words("list dict str"),
                "settings": Listing(
                    words(
                        "allow_delete no_replace replace append prepend recurse_dict recurse_list recurse_array "
                        "recurse_str"
                    )
                ),
            },
            required=("name", "settings"),
        ),
        least=1,
    ),
)
_WEBHOOK = Table(
    {
        "type": words("webhook"),
        **of("endpoint consumer_key token_key token_secret consumer_secret", TEXT),
        "timeout": Number(0),
        "retries": Whole(0),
    },
    required=("type", "endpoint"),
)
_REPORTER = either(
    Table({"type": words("log"), "level": words("DEBUG INFO WARN ERROR FATAL")}, required=("type",)),
    Table({"type": words("print")}, required=("type",)),
    _WEBHOOK,
    Table({"type": words("hyperv"), "kvp_file_path": TEXT, "event_types": TEXTS}, required=("type",)),
)

CLOUD_INIT_ITSELF: dict[str, Shape] = {
    **of("cloud_init_modules cloud_config_modules cloud_final_modules", Listing(either(TEXT, Listing()))),
    "launch-index": WHOLE,
    **of("merge_how merge_type", _MERGE),
    "output": Table(of("all init config final", _LOG_TARGET)),
    "reporting": Table(others=_REPORTER),
    "vendor_data": Table(
        {
            "enabled": either(FLAG, Old(TEXT, "Write true or false.")),
            "prefix": either(TEXT, Listing(either(TEXT, WHOLE))),
        }
    ),
    "updates": Table(
        {"network": Table({"when": Listing(words("boot-new-instance boot-legacy boot hotplug"))}, required=("when",))}
    ),
    "disable_ec2_metadata": FLAG,
    **of("version migrate", ANYTHING),
    "system_info": MAPPING,
    "growpart": Table(
        {
            "mode": either(words("auto growpart gpart off"), Old(Flag(only=False), "Write 'off', in quotes.")),
            "devices": TEXTS,
            "ignore_growroot_disabled": FLAG,
        }
    ),
    "resize_rootfs": either(FLAG, words("noblock")),
}
