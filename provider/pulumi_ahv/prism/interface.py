"""What can be done with a Prism, whichever product it is. Resources know these protocols and nothing below them.

Rules that every implementation keeps (design rules 2 to 6):

- ``get`` answers ``None`` for a positive not-found only; every other failure is raised.
- ``delete`` of what is not there succeeds.
- A call that changes something waits for its task within the deadline it is given and reads back what came of it.
- ``key`` is a stable text that names one intention ("make this image for this owner"): request ids are derived from
  it, so that the same call after a crash is the same call to Prism, and never a second object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.values import (
    Category,
    Cluster,
    Image,
    ImageChange,
    ImageSpec,
    Named,
    SiteInfo,
    StorageContainer,
)
from pulumi_ahv.prism.vms import Outcome

Kind = Literal["image", "template"]


class Images(Protocol):
    """Images of a site."""

    def get(self, uuid: str) -> Image | None:
        """The image, or ``None`` when Prism positively does not know it."""
        ...

    def named(self, name: str) -> list[Image]:
        """All images of exactly this name; names are not unique in Prism."""
        ...

    def described(self, fragment: str) -> list[Image]:
        """All images whose description holds this text: how owner marks are found."""
        ...

    def create(self, spec: ImageSpec, *, key: str, deadline: Deadline, progress: Progress) -> Image:
        """Make an image and wait until Prism has taken its content in.

        Raises:
            TaskError: Prism took the call and did not finish it; nothing, or an object that carries the description
                of ``spec``, is left.
        """
        ...

    def create_many(
        self, specs: Mapping[str, ImageSpec], *, deadline: Deadline, progress: Progress
    ) -> Mapping[str, Outcome]:
        """Make many images; the keys name the intentions, as in ``create``, and each has an outcome of its own.

        Descriptions have to differ: they tell which image is whose.
        """
        ...

    def forget(self, keys: Sequence[str]) -> None:
        """Take away what interrupted ``create``s of these keys left beside the images: bytes uploaded for them.

        Called when the images themselves are found whole or not needed; what cannot be taken away is no error.
        """
        ...

    def left_behind(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys under which an interrupted ``create`` left such bytes."""
        ...

    def update(self, uuid: str, change: ImageChange, *, deadline: Deadline) -> Image:
        """Change an image in place and read it back."""
        ...

    def delete(self, uuid: str, *, deadline: Deadline) -> None:
        """Delete an image; one that is not there is deleted already."""
        ...

    def delete_many(self, uuids: Sequence[str], *, deadline: Deadline) -> Mapping[str, Outcome]:
        """Delete many images, each with an outcome of its own."""
        ...


class Inventory(Protocol):
    """What a site consists of and what its operators named."""

    def clusters(self) -> list[Cluster]:
        """AOS clusters; never Prism Central itself."""
        ...

    def storage_containers(self) -> list[StorageContainer]:
        """Storage containers of all clusters."""
        ...

    def category(self, key: str, value: str) -> Category | None:
        """One category, or ``None``. Always ``None`` on Element, which has none."""
        ...

    def category_by_uuid(self, uuid: str) -> Category | None:
        """The same, by its id."""
        ...

    def categories(self, key: str = "") -> list[Category]:
        """Every category, or those of one key. None on Element."""
        ...

    def everything(self, kind: Kind) -> list[Named]:
        """Everything of a kind, by name: what to offer to whoever asked for a name that does not exist."""
        ...


class Site(Protocol):
    """One Prism that answered, under the name the user gave the connection."""

    @property
    def info(self) -> SiteInfo:
        """What was found out when the connection was made."""
        ...

    @property
    def images(self) -> Images:
        """Its images."""
        ...

    def close(self) -> None:
        """Give the kept connections back; nothing else of it can be used afterwards."""
        ...

    @property
    def inventory(self) -> Inventory:
        """Its clusters, storage containers and categories."""
        ...
