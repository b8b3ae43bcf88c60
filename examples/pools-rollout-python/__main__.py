"""Two pools from one template: one rolls to every new version, the other stays where it is told to.

    pulumi up                                                        # both are made of the first version
    pulumi config set stableVersion "$(pulumi stack output version)" # the stable pool stays with it
    pulumi config set disk next.img && pulumi up                     # a new version: only the canaries roll
    pulumi config set stableVersion "$(pulumi stack output version)" # they did well
    pulumi up                                                        # the others follow

Of the canaries two at a time are made anew, and none of them may fail: a batch that does not get ready ends the
rollout, and the pool goes back to what stood before. The stable pool never has fewer machines than it should: one more
is made before an old one goes.
"""

import pulumi
from pulumi_ahv import Image, Pool, TemplateVm

config = pulumi.Config()
cluster = config.require("cluster")

disk = Image("disk", source={"path": config.require("disk")})

golden = TemplateVm(
    "golden",
    disks=[{"image": disk.id}],
    vcpus=2,
    memory=2048,
    networks=[config.require("network")],
    cluster=cluster,
)

canaries = Pool(
    "canaries",
    template=golden.id,
    template_version=golden.version_id,
    size=4,
    naming={"pattern": "canary-{n}"},
    cluster=cluster,
    readiness={"when": "address", "timeout": 600},
    rollout={"batch_size": 2, "max_unavailable": 2, "max_failed": 0, "on_failure": "rollBack"},
)

stable = Pool(
    "stable",
    template=golden.id,
    template_version=config.get("stableVersion") or golden.version_id,
    size=3,
    naming={"pattern": "stable-{n}"},
    cluster=cluster,
    readiness={"when": "address", "timeout": 600},
    rollout={"batch_size": 1, "max_unavailable": 0, "max_surge": 1, "pause": 30},
    opts=pulumi.ResourceOptions(depends_on=[canaries.gate]),
)

pulumi.export("version", golden.version_id)
pulumi.export("canaries", canaries.member_addresses)
pulumi.export("stable", stable.member_addresses)
