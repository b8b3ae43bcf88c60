"""The one cluster of a Prism Element, its storage containers, and the names of what it keeps. It has no categories."""

from __future__ import annotations

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.template_texts import Data, Line
from pulumi_ahv.prism.interface import Kind
from pulumi_ahv.prism.recent import Recent
from pulumi_ahv.prism.values import Category, Cluster, Named, StorageContainer

# Where Prism itself puts images that are uploaded in its pages.
_FOR_IMAGES = "SelfServiceContainer"
_USUAL = "default-container"
_MOST = 1000


class ElementInventory:
    """``Inventory`` of one Prism Element."""

    def __init__(self, api: Api, cluster: Cluster) -> None:
        self._api = api
        self._cluster = cluster
        self._containers = Recent(self._read_containers, api.transport.clock)

    def clusters(self) -> list[Cluster]:
        """The one cluster that this Element manages."""
        return [self._cluster]

    def storage_containers(self) -> list[StorageContainer]:
        """Its storage containers."""
        return self._containers.get()

    def category(self, _key: str, _value: str) -> Category | None:
        """Nothing: an Element has no categories."""
        return None

    def category_by_uuid(self, _uuid: str) -> Category | None:
        """Nothing: an Element has no categories."""
        return None

    def categories(self, _key: str = "") -> list[Category]:
        """Nothing: an Element has no categories."""
        return []

    def everything(self, kind: Kind) -> list[Named]:
        """Everything of a kind, by name; templates are machines with a line that says so."""
        listed = self._api.entities("/images" if kind == "image" else "/vms", doing=f"Listing {kind}s")
        is_one = _is_image if kind == "image" else _is_template
        return [Named(str(one.get("uuid")), str(one.get("name"))) for one in listed if is_one(one)]

    def container_for_images(self, wanted: str) -> str:
        """UUID of the storage container that an image goes to: the wanted one, else Prism's own place for images.

        Raises:
            InputError: none is wanted, and none of them is the obvious one.
        """
        if wanted:
            return wanted
        known = self.storage_containers()
        obvious = [one for one in known if one.name == _FOR_IMAGES] or [
            one for one in known if one.name.startswith(_USUAL)
        ]
        if len(obvious) == 1 or len(known) == 1:
            return (obvious or known)[0].uuid
        raise InputError(
            "storageContainer",
            f"cluster '{self._cluster.name}' has no {_FOR_IMAGES}, so the container has to be named",
            advice=f"Known are: {', '.join(sorted(one.name for one in known)) or 'none'}.",
        )

    def _read_containers(self) -> list[StorageContainer]:
        listed = self._api.entities(
            "/storage_containers", doing="Listing storage containers", query={"page": 1, "count": _MOST}
        )
        return [
            StorageContainer(str(one.get("storage_container_uuid")), str(one.get("name")), self._cluster.uuid)
            for one in listed
            if not one.get("marked_for_removal")
        ]


def _is_image(data: Data) -> bool:
    return not data.get("deleted")


def _is_template(data: Data) -> bool:
    return Line.read(str(data.get("description") or ""), str(data.get("uuid"))) is not None
