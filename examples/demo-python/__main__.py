"""A disk file becomes an image, the image a template, the template a pool of build agents.

A new disk file is a new image, a new version of the template, and a pool that rolls to it, half at a time. `make demo`
runs this on an embedded Prism. By hand: `python ../image-python/make_disk.py disk.img` makes a disk.

`disc_seconds` is for the pretend guests of that Prism, which boot in a second. Leave it out for real ones.
"""

import pulumi
import pulumi_random
from pulumi_ahv import Image, Pool, TemplateVm

config = pulumi.Config()
cluster, network = config.require("cluster"), config.require("network")
token = pulumi_random.RandomPassword("token", length=24, special=False)

disk = Image("disk", source={"path": config.require("disk")})

golden = TemplateVm("golden", disks=[{"image": disk.id}], vcpus=2, memory=2048, networks=[network], cluster=cluster)

agents = Pool(
    "agents",
    template=golden.id,
    template_version=golden.version_id,
    size=config.require_int("size"),
    naming={"pattern": "agent-{n}"},
    cluster=cluster,
    payload={"template_file": "user-data.yaml", "secrets": {"token": token.result}, "disc_seconds": 2},
    guest_tools={"capabilities": ["vssSnapshot"]},
    readiness={"when": "guestTools"},
    rollout={"batch_size": 4, "max_unavailable": 4},
)

pulumi.export("ready", agents.ready)
pulumi.export("addresses", agents.member_addresses)
