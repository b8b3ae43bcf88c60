"""What is under test: a function that declares the images of a build farm."""

from pathlib import Path

import pulumi

from pulumi_ahv import Image


def farm(disks: Path) -> dict[str, Image]:
    """One image for each disk file in a folder, named after it."""
    images = {
        disk.stem: Image(disk.stem, source={"path": str(disk)}, categories=["Environment:Testing"])
        for disk in sorted(disks.glob("*.img"))
    }
    pulumi.export("images", {name: image.id for name, image in images.items()})
    return images
