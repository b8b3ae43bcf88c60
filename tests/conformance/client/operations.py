"""Lists every operation of a generation of SDKs: its route without the version, and the type of its answer.

The SDKs have no table of them: they are read from the calls in the source of their API classes.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path

from driven import NAMESPACES

_CALL = re.compile(
    r"_call_api\(\s*'/api/(?P<namespace>\w+)/v\d+\.\d+/(?P<path>[^']+)', '(?P<method>[A-Z]+)'.*?"
    r"response_type=(?:'(?P<answer>[^']+)'|None)",
    re.DOTALL,
)


def main() -> None:
    """A JSON object: ``GET vmm/content/images`` to the type of the answer, or to nothing where there is no body."""
    found = {}
    for namespace in NAMESPACES:
        package = importlib.import_module(f"ntnx_{namespace}_py_client")
        for source in sorted((Path(package.__file__ or "").parent / "api").glob("*_api.py")):
            for call in _CALL.finditer(source.read_text()):
                found[f"{call['method']} {call['namespace']}/{call['path']}"] = call["answer"]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
