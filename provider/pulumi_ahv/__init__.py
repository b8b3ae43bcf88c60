"""Golden images, template VMs and pools of machines on Nutanix AHV, as Pulumi resources.

    import pulumi
    from pulumi_ahv import Image

    image = Image("golden", source={"path": "golden.qcow2"})
    pulumi.export("image", image.id)

The resources are imported when they are first asked for: the simulator and the commands do without Pulumi.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_ahv.dynamic.image import Image
    from pulumi_ahv.dynamic.pool import Pool
    from pulumi_ahv.dynamic.template_vm import TemplateVm

__version__ = "0.1.0"
__all__ = ["Image", "Pool", "TemplateVm", "__version__"]

_HOMES = {
    "Image": "pulumi_ahv.dynamic.image",
    "Pool": "pulumi_ahv.dynamic.pool",
    "TemplateVm": "pulumi_ahv.dynamic.template_vm",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
