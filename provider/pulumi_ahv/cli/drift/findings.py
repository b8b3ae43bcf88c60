"""From the JSON of ``preview --refresh`` to what differs, and why: a pure function.

The shape is that of pulumi 3.260, tried; the embedded engine writes the same. A refresh is a step of its own with the
state from before it. The step after it holds what is there (``oldState``) and what is wanted (``newState``). So causes
can be told apart: what differs between the first two has changed in Prism, what differs between the first and the last
has changed in the program, or in what it follows. A resource that has vanished is refreshed, and then to be created.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pulumi_ahv.engine import paths
from pulumi_ahv.engine.urns import STACK_TYPE, Urn
from pulumi_ahv.engine.values import SECRET, SIGNATURE, UNKNOWN_ID

DRIFT = 7  # exit code of either engine for --expect-no-changes
HIDDEN = "[secret]"
_VERDICTS = {"update": "differs", "replace": "replaced", "delete": "removed", "create": "new"}
_WELL = ("ready", "off")
_POOLS = ("dynamic/ahv:Pool", "ahv:index:Pool")  # the type of either face


class Cause(StrEnum):
    """Why something differs; ``untold`` where the preview was made without a refresh."""

    PRISM = "prism"
    PROGRAM = "program"
    BOTH = "both"
    UNTOLD = "untold"


@dataclass(frozen=True)
class Change:
    """One property that differs: what is there, what is wanted. ``kind`` says which of them is missing.

    ``property`` is the path below the member for what belongs to a member of a pool, and empty for a whole member.
    """

    path: str
    property: str
    kind: str
    live: Any
    wanted: Any
    cause: Cause
    member: str = ""


@dataclass(frozen=True)
class Finding:
    """One resource. ``verdict``: differs, replaced, gone (from Prism), new or removed (in the program)."""

    urn: str
    verdict: str
    changes: tuple[Change, ...] = ()
    not_ready: tuple[tuple[str, str, str], ...] = ()

    @property
    def kind(self) -> str:
        """Type of the resource, in short."""
        return Urn.parse(self.urn).type.rsplit(":", 1)[-1]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return Urn.parse(self.urn).name

    @property
    def drifted(self) -> bool:
        """Whether Prism is not what it was left as; also where the provider has something to repair in it."""
        if self.verdict in ("new", "removed"):
            return False
        return not self.changes or bool(self.in_prism)

    @property
    def in_prism(self) -> tuple[Change, ...]:
        """What has changed in Prism."""
        return tuple(change for change in self.changes if change.cause is not Cause.PROGRAM)

    @property
    def in_program(self) -> tuple[Change, ...]:
        """What is wanted otherwise than at the last update, and is as it was in Prism."""
        return tuple(change for change in self.changes if change.cause is Cause.PROGRAM)


@dataclass(frozen=True)
class Report:
    """All findings of a stack; ``follows`` are resources that only may change because others do."""

    project: str
    stack: str
    findings: tuple[Finding, ...]
    follows: tuple[str, ...]
    errors: tuple[str, ...]
    code: int

    @property
    def drifted(self) -> tuple[Finding, ...]:
        """Those that drifted."""
        return tuple(finding for finding in self.findings if finding.drifted)


def read_report(digest: Any, code: int | None = None) -> Report:
    """Read what an engine has written; without its exit code, the code that it must have ended with.

    Raises:
        ValueError: It is no preview as JSON.
    """
    if not isinstance(digest, Mapping) or not ("steps" in digest or "diagnostics" in digest):
        raise ValueError("it is no object with steps")
    steps = digest.get("steps") or []
    if not all(isinstance(step, Mapping) and {"op", "urn"} <= step.keys() for step in steps):
        raise ValueError("its steps are none of a preview")
    before = {step["urn"]: step.get("oldState") or {} for step in steps if step.get("op") == "refresh"}
    found, follows = [], []
    for step in steps:
        if (verdict := _VERDICTS.get(step["op"])) is None or Urn.parse(step["urn"]).type == STACK_TYPE:
            continue
        finding = _finding(step, verdict, before)
        if finding is None:
            follows.append(step["urn"])
        else:
            found.append(finding)
    errors = _errors(digest)
    told = Urn.parse(steps[0]["urn"]) if steps else Urn("", "", "", "")
    if code is None:
        changes = sum(count for op, count in (digest.get("changeSummary") or {}).items() if op != "same")
        code = 1 if errors else DRIFT if changes else 0
    found.sort(key=lambda finding: (not finding.drifted, finding.kind, finding.name))
    return Report(told.project, told.stack, tuple(found), tuple(follows), errors, code)


def _finding(step: Mapping[str, Any], verdict: str, before: Mapping[str, Any]) -> Finding | None:
    """What a step tells, or None where it only waits for others."""
    urn = step["urn"]
    if verdict == "new":
        return Finding(urn, "gone" if urn in before else "new")
    if verdict == "removed":
        return Finding(urn, verdict)
    was = before.get(urn, {}).get("inputs") if before else None
    changes = list(_changes(step, was))
    if changes and all(change.wanted == UNKNOWN_ID for change in changes):
        return None
    known = tuple(change for change in changes if change.wanted != UNKNOWN_ID)
    return Finding(urn, verdict, _paired(known), tuple(_not_ready(step.get("oldState") or {})))


def _changes(step: Mapping[str, Any], was: Mapping[str, Any] | None) -> Iterator[Change]:
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    coarse = {key: {"kind": "update", "inputDiff": True} for key in step.get("diffReasons") or ()}
    pool = Urn.parse(step["urn"]).type.endswith(_POOLS)
    for text, said in sorted((step.get("detailedDiff") or coarse).items()):
        path = paths.parse(text)
        live = _at(old.get("inputs" if said.get("inputDiff") else "outputs"), path)
        wanted = _at(new.get("inputs"), path)
        kind = said["kind"].removesuffix("-replace")
        member = str(path[1]) if pool and path[0] == "members" and len(path) > 1 else ""
        rest = paths.text_of(path[2:]) if member else text
        told = (_at(was, path), live, wanted)
        cause = Cause.UNTOLD if was is None else _cause(*(map(_ageless, told) if member else told))
        yield Change(text, rest, kind, live, wanted, cause, member)


def _ageless(member: Any) -> Any:
    """A member without its age: one that is made in the place of another counts anew, and no program says so."""
    return {key: value for key, value in member.items() if key != "born"} if isinstance(member, Mapping) else member


def _cause(was: Any, live: Any, wanted: Any) -> Cause:
    if was == live:
        return Cause.PROGRAM
    return Cause.PRISM if was == wanted else Cause.BOTH


def _paired(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """A member that only has another name shows in the map as one too many and one too few, of the same slot."""
    surplus = {change.live["slot"]: change for change in changes if _whole(change, "delete")}
    lacking = {change.wanted["slot"]: change for change in changes if _whole(change, "add")}
    both = surplus.keys() & lacking.keys()
    paired = {id(half) for slot in both for half in (surplus[slot], lacking[slot])}
    kept = [change for change in changes if id(change) not in paired]
    renamed = [change for slot in both for change in _renamed(surplus[slot], lacking[slot])]
    return tuple(sorted([*kept, *renamed], key=lambda change: change.path))


def _whole(change: Change, kind: str) -> bool:
    return bool(change.member) and not change.property and change.kind == kind


def _renamed(there: Change, wanted: Change) -> Iterator[Change]:
    """What differs between a member under its other name and the member that is wanted."""
    yield replace(wanted, property="name", kind="update", live=there.member, wanted=wanted.member)
    for key in sorted({**there.live, **wanted.wanted}):
        live, meant = there.live.get(key), wanted.wanted.get(key)
        if live != meant:
            kind = "add" if live is None else "delete" if meant is None else "update"
            yield replace(wanted, path=f"{wanted.path}.{key}", property=key, kind=kind, live=live, wanted=meant)


def _not_ready(state: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Members of a pool that are not as they should be: name, state, reason."""
    status = (state.get("outputs") or {}).get("status")
    for name, told in sorted(status.items()) if isinstance(status, Mapping) else ():
        if isinstance(told, Mapping) and "state" in told and told["state"] not in _WELL:
            yield name, told["state"], told.get("reason", "")


def _errors(digest: Mapping[str, Any]) -> tuple[str, ...]:
    """What went wrong, each message once; that the run failed as a whole goes without saying then."""
    told = (each["message"] for each in digest.get("diagnostics") or () if each.get("severity") == "error")
    texts = (text.removeprefix("error: ").removeprefix("Preview failed: ").strip() for text in told)
    found = tuple(dict.fromkeys(texts))
    return tuple(text for text in found if text != "preview failed") or found


def _at(value: Any, path: paths.Path) -> Any:
    for part in path:
        value = _masked(value)
        if isinstance(value, Mapping):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return HIDDEN if value == HIDDEN else None
    return _masked(value)


def _masked(value: Any) -> Any:
    """A value without the secrets that ``--show-secrets`` would have left in it."""
    if isinstance(value, Mapping):
        hidden = value.get(SIGNATURE) == SECRET
        return HIDDEN if hidden else {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value
