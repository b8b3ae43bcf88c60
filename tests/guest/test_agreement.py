"""How far our checks agree with cloud-init's own schema checker.

Good documents are the examples of cloud-init's packages; bad ones are made from them, one mutation each. Every
disagreement must fall under a reason that is written down here (and in docs/payloads.md); the counts are left beside the roots and shown by .ci/test-guest.
"""

from __future__ import annotations

import copy
import gzip
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_ahv.payload.cloudinit.cloudconfig import check_cloud_config
from pulumi_ahv.payload.cloudinit.network import check_network_config
from pulumi_ahv.payload.findings import Problem

pytestmark = [pytest.mark.guest, pytest.mark.timeout(600)]

VERDICTS = Path(__file__).with_name("schema_verdicts.py").read_text()
# Modules of 22.4 carry their examples in their code.
MODULE_EXAMPLES = """
import cloudinit.config, importlib, json, pkgutil
found = []
for module in pkgutil.iter_modules(cloudinit.config.__path__):
    if module.name.startswith("cc_"):
        meta = getattr(importlib.import_module("cloudinit.config." + module.name), "meta", None) or {}
        found += [each for each in meta.get("examples", []) if isinstance(each, str)]
print(json.dumps(found))
"""


def python_inside(root: Path, script: str, *args: str, data: object = None) -> Any:
    command = ["chroot", root, "python3", "-c", script, *args]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def examples(root: Path, fits: Callable[[str], bool]) -> Iterator[str]:
    for path in sorted((root / "usr/share/doc/cloud-init/examples").iterdir()):
        if path.is_file():
            content = path.read_bytes()
            text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
            if fits(f"{path.name}\n{text}"):
                yield text


def mutated(data: dict[str, Any]) -> Iterator[str]:
    """One change each: a letter of a key lost, a key left out, a value retyped, emptied, made a number, listed twice."""
    for path in list(paths(data)):
        for change in ("typo", "dropped", "retyped", "emptied", "numbered", "doubled"):
            document = copy.deepcopy(data)
            holder: Any = document
            for step in path[:-1]:
                holder = holder[step]
            if changed(change, holder, path[-1], len(path)):
                yield yaml.safe_dump(document)


def changed(change: str, holder: Any, key: Any, depth: int) -> bool:
    """Change one place of a document; say whether there was anything to change."""
    value = holder[key]
    match change:
        case "typo" if isinstance(key, str) and len(key) > 3:
            holder[key[:-2] + key[-1]] = holder.pop(key)
        case "dropped" if isinstance(holder, dict) and depth > 1:
            del holder[key]
        case "retyped":
            holder[key] = (
                "text" if isinstance(value, bool) else [{"x": 1}] if isinstance(value, str | dict) else {"x": "y"}
            )
        case "emptied" if value:
            holder[key] = type(value)()
        case "numbered":
            holder[key] = -7
        case "doubled" if isinstance(value, list) and value:
            holder[key] = [*value, value[0]]
        case _:
            return False
    return True


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


def corpus(texts: list[str]) -> list[str]:
    documents = list(texts)
    for text in texts:
        data = yaml.safe_load(text)
        if isinstance(data, dict):
            documents += mutated(data)
    return list(dict.fromkeys(documents))


def compare(
    documents: list[str],
    verdicts: list[str],
    check: Callable[[str], list[Problem]],
    reason: Callable[[str, str, list[Problem]], str],
) -> tuple[Counter[str], Counter[str], list[str]]:
    """Count the four cases; give the reasons of disagreements, and those without one."""
    table, reasons, unexplained = Counter[str](), Counter[str](), []
    for text, theirs in zip(documents, verdicts, strict=True):
        ours = [problem for problem in check(text) if problem.fatal]
        case = {(False, False): "both good", (True, True): "both bad"}.get(
            (bool(ours), bool(theirs)), "only we complain" if ours else "only it complains"
        )
        table[case] += 1
        if case.startswith("only"):
            why = reason(text, theirs, ours)
            reasons[f"{case}: {why}"] += 1
            if not why:
                unexplained.append(f"{case}\n  it: {theirs[:300]}\n  we: {ours[:2]}\n  {text[:400]}")
    return table, reasons, unexplained


def why_cloud_config(text: str, theirs: str, ours: list[Problem]) -> str:
    del text
    if not ours and "_modules." in theirs:
        return "a name in a list of modules, which we do not know: images bring modules of their own"
    if not ours and "fs_setup" in theirs and ".partition" in theirs:
        return "the number of a partition: cloud-init's code takes it, its schema forgot it"
    return ""


def report(cache: Path, title: str, table: Counter[str], reasons: Counter[str]) -> None:
    lines = [f"{title}: {', '.join(f'{case} {count}' for case, count in sorted(table.items()))}"]
    lines += [f"  {count:5} {why}" for why, count in reasons.most_common()]
    (cache / f"agreement-{title}.txt").write_text("\n".join(lines) + "\n")


def test_cloud_config_agrees_with_cloud_inits_own_checker(guest_cache: Path) -> None:
    old, new = guest_cache / "bookworm", guest_cache / "trixie"
    texts = [text for root in (old, new) for text in examples(root, lambda text: "\n#cloud-config\n" in text[:200])]
    texts += [*python_inside(old, MODULE_EXAMPLES), "fs_setup: [{device: sdb, partition: 1}]"]
    documents = corpus(texts)
    verdicts = python_inside(new, VERDICTS, "cloud-config", data=documents)
    table, reasons, unexplained = compare(documents, verdicts, check_cloud_config, why_cloud_config)
    report(guest_cache, "cloud-config", table, reasons)
    assert not unexplained, "\n".join(unexplained)


def why_network(text: str, theirs: str, ours: list[Problem]) -> str:
    del text, theirs
    said = ours[0].message if ours else ""
    if "has no 'type'" in said:
        return "an entry without a type: its schema lets it pass as a route, its parser fails on it"
    if "has none of network, destination" in said or "has no 'gateway'" in said:
        return "a route without destination or gateway: its schema minds that in subnets only"
    return ""


def test_network_config_agrees_with_cloud_inits_own_checker(guest_cache: Path) -> None:
    texts = list(examples(guest_cache / "trixie", lambda text: text.startswith("network-config")))
    documents = corpus(texts)
    verdicts = python_inside(guest_cache / "trixie", VERDICTS, "network-config", data=documents)
    table, reasons, unexplained = compare(documents, verdicts, check_network_config, why_network)
    report(guest_cache, "network-config", table, reasons)
    assert not unexplained, "\n".join(unexplained)
