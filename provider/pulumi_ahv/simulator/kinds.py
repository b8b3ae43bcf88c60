"""The words of the fault rules, shared by both sides of the control interface."""

from __future__ import annotations

from typing import Literal

FaultKind = Literal[
    "error",
    "rate-limit",
    "drop-before",
    "drop-after-commit",
    "stall",
    "delay",
    "task-failure",
    "task-canceled",
    "task-stuck",
    "late-etag",
]
BodyKind = Literal["envelope", "schema", "html", "text", "empty", "string-details"]
