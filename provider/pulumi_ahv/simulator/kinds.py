"""The words of the fault rules, shared by both sides of the control interface."""

from __future__ import annotations

from typing import Literal

FaultKind = Literal[
    "error", "drop-before", "drop-after-commit", "stall", "delay", "task-failure", "late-etag", "rate-limit"
]
BodyKind = Literal["envelope", "schema", "html", "text", "empty", "string-details"]
