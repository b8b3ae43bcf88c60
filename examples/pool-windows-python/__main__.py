"""Windows desktops, cloned from a template and joined to a domain, without a line of XML.

The answer file is written from the settings below. Where you have one of your own, give it as `template_file`: the
domain join is put into it.
"""

import pulumi
from pulumi_ahv import Pool

config = pulumi.Config()
domain = config.get("domain") or "corp.example.com"
home = ",".join(f"DC={part}" for part in domain.split("."))

desktops = Pool(
    "desktops",
    template=config.require("template"),
    size=config.get_int("size") or 3,
    naming={"pattern": "BER-DESK-{n}"},  # Windows takes 15 characters
    cluster=config.get("cluster"),
    networks=[config.require("network")],
    vcpus=4,
    memory=8192,
    payload={
        "kind": "unattend",
        "windows": {
            "locale": "de-DE",
            "time_zone": "W. Europe Standard Time",
            "organization": "Example",
            "administrator_password": config.require_secret("administratorPassword"),
            "remote_desktop": True,
        },
        "disc_seconds": config.get_int("discSeconds") or 600,  # setup reads the answer file more than once
    },
    domain={
        "name": domain,
        "ou": f"OU=Desktops,{home}",
        "account": config.get("joinAccount") or "svc-join",
        "password": config.require_secret("joinPassword"),
    },
    guest_tools={"capabilities": ["vssSnapshot"]},
    readiness={"when": "guestTools", "timeout": 1800},
    rollout={"batch_size": 2, "max_unavailable": 2, "max_failed": 1},
    on_payload_change="nextRecreate",  # a new password of the account makes no desktop anew
)

pulumi.export("ready", desktops.ready)
pulumi.export("addresses", desktops.member_addresses)
