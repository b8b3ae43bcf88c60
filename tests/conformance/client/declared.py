"""Lists what a generation of SDKs declares: the JSON fields of every model, and the members of every enum."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from driven import NAMESPACES


def main() -> None:
    """A JSON object: the full name of a type to the sorted names of its fields or members, over all packages."""
    found: dict[str, set[str]] = {}
    for namespace in NAMESPACES:
        models = importlib.import_module(f"ntnx_{namespace}_py_client.models")
        root = Path(models.__file__ or "").parent
        for source in root.rglob("*.py"):
            name = ".".join(source.relative_to(root).with_suffix("").parts)
            if source.stem == "__init__" or name.startswith("OneOf"):
                continue
            model = getattr(importlib.import_module(f"{models.__name__}.{name}"), source.stem)
            found.setdefault(name, set()).update(_names(model))
    json.dump({name: sorted(names) for name, names in found.items()}, sys.stdout)


def _names(model: Any) -> set[str]:
    if hasattr(model, "attribute_map"):
        return {name for name in model.attribute_map.values() if not name.startswith("$")}
    return {text for name, text in vars(model).items() if isinstance(text, str) and not name.startswith("_")}


if __name__ == "__main__":
    main()
