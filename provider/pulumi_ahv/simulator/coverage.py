"""What the simulator serves, what it assumes, and what it leaves out, as tables for docs/simulator.md.

``python -m pulumi_ahv.simulator.coverage`` prints them; with a file, writes them between its two marks. The tables
are made from the routing table and from ``unserved.routes``, so that they cannot say anything else than the code
does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from pulumi_ahv.simulator import families

BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"


def report() -> str:
    """Both tables in Markdown."""
    served = families.routes().all
    unserved = list(_unserved())
    lines = [
        f"{len(served)} calls of v4 are served, {len(unserved)} more are known and answered 501.",
        "",
        "| call | operation | source | from | assumed |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{route.method} {route.namespace}/{route.path}` | {route.operation} | {route.source} "
        f"| v4.{route.since} | {route.assumed} |"
        for route in sorted(served, key=lambda route: (route.namespace, route.path, route.method))
    ]
    lines += ["", "| known, answered 501 | operation | source |", "| --- | --- | --- |"]
    lines += [f"| `{call}` | {operation} | api-v4 §{section} |" for section, call, operation in unserved]
    return "\n".join(lines)


def renewed(page: str) -> str:
    """A page with the tables between its marks as they are now."""
    head, rest = page.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    return f"{head}{BEGIN}\n{report()}\n{END}{tail}"


def _unserved() -> Iterator[tuple[str, str, str]]:
    text = (files(__package__) / "unserved.routes").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            section, method, namespace, path, operation = line.split()
            yield section, f"{method} {namespace}/{path}", operation


def main(arguments: list[str]) -> None:
    """Print the tables, or write them into the named page."""
    if not arguments:
        sys.stdout.write(report() + "\n")
    for name in arguments:
        page = Path(name)
        page.write_text(renewed(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
