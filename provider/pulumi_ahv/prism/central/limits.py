"""Published rate limits of Prism Central, by family of calls, until the headers of an answer tell better.

A family is ``namespace/collection`` for lists and ``namespace/collection/one`` for single reads. The rates were
recorded from a PC of the smallest size (pc.2024.3.1.1); the whole PC bears 30, 40, 60 or 80 calls a second, by size.
"""

from __future__ import annotations

WHOLE_PC = 30.0
FAMILIES = {
    "vmm/ahv/config/vms": 2.0,
    "vmm/ahv/config/vms/one": 10.0,
    "vmm/content/templates": 20.0,
    "clustermgmt/config/clusters": 10.0,
    "clustermgmt/config/clusters/one": 10.0,
    "clustermgmt/config/hosts": 10.0,
    "clustermgmt/config/storage-containers": 10.0,
}
