"""Golden images, template VMs and pools of machines on Nutanix AHV, as Pulumi resources."""

__version__ = "0.1.0"
