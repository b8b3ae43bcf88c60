"""Disk formats, read by readers of our own: every image that comes in becomes a sparse raw file, or is refused.

``detect`` tells formats by magic, never by name; one module per format reads it; ``sparse`` writes. Memory is
constant: a table and a cluster at a time. Hazards that are refused (guest.md, section 5.3): backing files, external
data, descriptors that point elsewhere, unknown features, truncation, sizes over a cap.
"""

from pulumi_ahv.simulator.disks.conversion import Converted, convert
from pulumi_ahv.simulator.disks.sparse import DiskError

__all__ = ["Converted", "DiskError", "convert"]
