"""A report as JSON, for programs. docs/pipelines.md documents the shape; ``version`` changes when it breaks."""

from __future__ import annotations

from typing import Any

from pulumi_ahv.cli.drift.findings import Change, Finding, Report
from pulumi_ahv.engine.urns import Urn

VERSION = 1


def document(report: Report) -> dict[str, Any]:
    """Everything that was found."""
    return {
        "version": VERSION,
        "project": report.project,
        "stack": report.stack,
        "exitCode": report.code,
        "drift": bool(report.drifted),
        "resources": [_resource(finding) for finding in report.findings],
        "follows": list(report.follows),
        "errors": list(report.errors),
    }


def _resource(finding: Finding) -> dict[str, Any]:
    return {
        "urn": finding.urn,
        "type": Urn.parse(finding.urn).type,
        "name": finding.name,
        "verdict": finding.verdict,
        "drift": finding.drifted,
        "changes": [_change(change) for change in finding.changes],
        "notReady": [{"member": name, "state": state, "reason": why} for name, state, why in finding.not_ready],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "path": change.path,
        "member": change.member or None,
        "property": change.property or None,
        "kind": change.kind,
        "live": change.live,
        "wanted": change.wanted,
        "cause": str(change.cause),
    }
