"""A disk file becomes an image, the image a template, and the template is kept by hand now and then.

    pulumi config set maintenance true && pulumi up     # a machine of the newest version is up: change it
    pulumi config set maintenance false && pulumi up    # it is shut down and becomes the next version

A new disk file is a new image, and a new version of the same template: pools that follow it roll.
"""

import pulumi
from pulumi_ahv import Image, TemplateVm

config = pulumi.Config()

image = Image("golden-disk", source={"path": config.require("disk")})

golden = TemplateVm(
    "golden",
    description="Base of our build agents.",
    disks=[{"image": image.id}],
    vcpus=2,
    memory=2048,
    networks=[config.require("network")],
    cluster=config.require("cluster"),
    maintenance=config.get_bool("maintenance") or False,
)

pulumi.export("template", golden.id)
pulumi.export("activeVersion", golden.active_version)
pulumi.export("versions", golden.versions.apply(lambda held: [version["name"] for version in held or ()]))
pulumi.export("maintenanceMachine", golden.maintenance_vm_uuid)
