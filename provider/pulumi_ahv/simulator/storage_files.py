"""Files that somebody laid on a storage container, which an Element's customization can name (``adsf:///…``).

How they get there is not Prism's API (an operator copies them), so the controls do it: ``control.add(files=[…])``.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.site import Site

_TABLE = "files"
_SCHEME = "adsf:///"


def add_file(site: Site, item: dict[str, Any]) -> str:
    """Lay a file with a ``text`` under a ``path``, in a ``container`` of a ``cluster``."""
    key = f"{item['cluster']}/{item['container']}/{item['path']}"
    ext_id = site.named_id("file", key)
    site.store.table(_TABLE).add(ext_id, {"extId": ext_id, "place": key}, text=str(item["text"]))
    return ext_id


def text_of(site: Site, cluster: str, address: str) -> str | None:
    """The text of the file that an address names on a cluster (by name); ``None`` where there is none."""
    if not address.startswith(_SCHEME):
        return None
    record = site.store.table(_TABLE).get(site.named_id("file", f"{cluster}/{address.removeprefix(_SCHEME)}"))
    return None if record is None else str(record.hidden["text"])
