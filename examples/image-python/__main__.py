"""A disk file on this machine becomes an image in Prism."""

import pulumi
import pulumi_random
from pulumi_ahv import Image

config = pulumi.Config()
pet = pulumi_random.RandomPet("suffix")

image = Image(
    "golden",
    name=pulumi.Output.concat("golden-", pet.id),
    description="Base of our build agents.",
    source={"path": config.require("disk")},
    categories=["Environment:Testing"],
)

pulumi.export("image", image.id)
pulumi.export("name", image.name)
pulumi.export("sizeBytes", image.size_bytes)
pulumi.export("sha256", image.sha256)
