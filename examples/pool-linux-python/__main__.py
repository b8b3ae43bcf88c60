"""Linux build agents, cloned from a template and set up by cloud-init."""

import pulumi
from pulumi_ahv import Pool

config = pulumi.Config()

pool = Pool(
    "agents",
    template=config.require("template"),
    size=config.get_int("size") or 3,
    naming={"pattern": "agent-{n}", "width": 3},
    cluster=config.get("cluster"),
    payload={
        "template_file": "user-data.yaml",
        "variables": {"server": "https://ci.example.com", "labels": ["linux", "docker"]},
        "secrets": {"token": config.require_secret("registrationToken")},
        "disc_seconds": config.get_int("discSeconds") or 120,
    },
    member_variables={"agent-001": {"labels": ["linux", "release"]}},
    rollout={"batch_size": 2, "max_unavailable": 2, "max_failed": 1},
)

pulumi.export("ready", pool.ready)
pulumi.export("addresses", pool.member_addresses)
pulumi.export("seconds", pool.metrics.apply(lambda told: told["seconds"]))
