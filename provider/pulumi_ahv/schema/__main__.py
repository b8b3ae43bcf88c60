"""Write ``schema.json`` and the generated pages of ``docs``; with ``--check``, say which of them are stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pulumi_ahv.schema.emit import package_schema
from pulumi_ahv.schema.pages import pages


def documents() -> dict[str, str]:
    """Every generated file, by its path below the top of the repository."""
    schema = json.dumps(package_schema(), indent=2, ensure_ascii=False) + "\n"
    return {"schema.json": schema, **{f"docs/{path}": text for path, text in pages().items()}}


def main(arguments: list[str], top: Path) -> int:
    """Write or check; 1 when a check finds something stale."""
    wanted = documents()
    stale = [
        path for path, text in wanted.items() if not (top / path).exists() or (top / path).read_text("utf-8") != text
    ]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path} is stale: run `make schema`\n")
        return 1 if stale else 0
    for path in stale:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(wanted[path], "utf-8")
        sys.stdout.write(f"{path} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
