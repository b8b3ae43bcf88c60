"""Golden images, template VMs and pools of machines on Nutanix AHV, as Pulumi resources.

    import pulumi
    from pulumi_ahv import Image

    image = Image("golden", source={"path": "golden.qcow2"})
    pulumi.export("image", image.id)

Resources and lookups are imported when they are first asked for: the simulator and the commands do without Pulumi.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_ahv.dynamic.guest_tools import GuestTools
    from pulumi_ahv.dynamic.image import Image
    from pulumi_ahv.dynamic.lookups import (
        get_category,
        get_category_output,
        get_cluster,
        get_cluster_output,
        get_image,
        get_image_output,
        get_storage_container,
        get_storage_container_output,
        get_subnet,
        get_subnet_output,
        get_template,
        get_template_output,
        render_payload,
        render_payload_output,
    )
    from pulumi_ahv.dynamic.pool import Pool
    from pulumi_ahv.dynamic.template_vm import TemplateVm

__version__ = "0.1.0"
__all__ = [
    "GuestTools",
    "Image",
    "Pool",
    "TemplateVm",
    "__version__",
    "get_category",
    "get_category_output",
    "get_cluster",
    "get_cluster_output",
    "get_image",
    "get_image_output",
    "get_storage_container",
    "get_storage_container_output",
    "get_subnet",
    "get_subnet_output",
    "get_template",
    "get_template_output",
    "render_payload",
    "render_payload_output",
]

_HOMES = {
    "GuestTools": "pulumi_ahv.dynamic.guest_tools",
    "Image": "pulumi_ahv.dynamic.image",
    "Pool": "pulumi_ahv.dynamic.pool",
    "TemplateVm": "pulumi_ahv.dynamic.template_vm",
}
_LOOKUPS = "pulumi_ahv.dynamic.lookups"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in __all__:
        return getattr(import_module(_LOOKUPS), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
