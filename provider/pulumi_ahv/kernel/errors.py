"""Every error of this package, as one tree.

    AhvError
    ├── ConfigError          a connection or setting is missing or contradicts another
    ├── InputError           a property of a resource is wrong; carries its path
    ├── ConnectionFailed     nothing, or something that is not Prism, answered at the address
    ├── ApiError             Prism answered with an error; carries status, code and request id
    │   ├── NotFound         positively not there (never raised for "could not tell")
    │   ├── Conflict         an ETag, specification version or name that somebody else holds
    │   ├── AccessDenied     401 or 403
    │   └── RateLimited      429 beyond the time budget
    ├── TaskError            a task ended badly; carries the task's id and last state
    │   ├── TaskFailed
    │   ├── TaskTimedOut
    │   └── TaskVanished
    └── PayloadError         a template or its result is wrong; carries file, line and column

A message has up to three parts, always in this order: what we were doing to which object, what Prism said, what the
user can change. The parts are kept apart (``doing``, ``said``, ``advice``) so that a face can lay them out as it likes;
``str()`` joins them on one line.
"""

from __future__ import annotations

from dataclasses import dataclass


class AhvError(Exception):
    """Root of the tree: something a user can read and act on."""

    def __init__(self, doing: str, *, said: str = "", advice: str = "") -> None:
        self.doing = doing
        self.said = said
        self.advice = advice
        super().__init__(doing, said, advice)

    def __str__(self) -> str:
        """Join the parts to one line: ``doing: said. advice``."""
        head = f"{self.doing}: {self.said}" if self.said else self.doing
        return f"{_sentence(head)} {self.advice}".strip() if self.advice else head


class ConfigError(AhvError):
    """A connection or setting is missing, malformed or contradicts another."""


class InputError(AhvError):
    """One property of a resource is wrong.

    ``path`` is the property path as Pulumi writes it: ``source.path``, ``categories[0]``.
    """

    def __init__(self, path: str, said: str, *, advice: str = "") -> None:
        self.path = path
        super().__init__(path, said=said, advice=advice)


class ConnectionFailed(AhvError):
    """Nothing answered at the address, or what answered is not the Prism that was meant."""


@dataclass(frozen=True)
class Answer:
    """What Prism said: HTTP status, its own code (``VMM-20005``) if it gave one, and the request id that was sent."""

    status: int
    code: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        """Write it as the end of a message: ``HTTP 404, VMM-20005, request 1f…``."""
        parts = [f"HTTP {self.status}", self.code, f"request {self.request_id}" if self.request_id else ""]
        return ", ".join(part for part in parts if part)


class ApiError(AhvError):
    """Prism answered a call with an error that is final: retries, where they make sense, are over."""

    def __init__(self, doing: str, *, answer: Answer, said: str = "", advice: str = "") -> None:
        self.answer = answer
        super().__init__(doing, said=f"{said} ({answer})" if said else str(answer), advice=advice)


class NotFound(ApiError):
    """The object is positively not there. Reading: gone. Deleting: done. Looking up: an error for the user."""


class Conflict(ApiError):
    """Somebody else changed or holds the object: a stale ETag or specification version."""


class AccessDenied(ApiError):
    """Prism knows who asks (403) or does not (401), and refuses."""


class RateLimited(ApiError):
    """Prism went on answering 429 until the time budget was used up."""


class TaskError(AhvError):
    """A task that Prism runs for us did not end well. Its id and last state are kept."""

    def __init__(self, doing: str, *, task: str, state: str, said: str = "", advice: str = "") -> None:
        self.task = task
        self.state = state
        told = f"task {task} {state}"
        super().__init__(doing, said=f"{told}: {said}" if said else told, advice=advice)


class TaskFailed(TaskError):
    """The task reached FAILED or CANCELED. ``code`` is Prism's own, where it gave one."""

    def __init__(self, doing: str, *, task: str, state: str, code: str = "", said: str = "", advice: str = "") -> None:
        self.code = code
        told = f"{said} ({code})" if said and code else said or code
        super().__init__(doing, task=task, state=state, said=told, advice=advice)


class TaskTimedOut(TaskError):
    """The task was still going when its deadline passed. It may end later: what it makes carries our mark."""


class TaskVanished(TaskError):
    """Prism does not know the task any more: how it ended cannot be told."""


class PayloadError(AhvError):
    """A template, or what it rendered to, is wrong. ``file``, ``line`` and ``column`` count from 1; 0 is unknown."""

    def __init__(self, said: str, *, file: str, line: int = 0, column: int = 0, advice: str = "") -> None:
        self.file = file
        self.line = line
        self.column = column
        place = ":".join([file, *(str(number) for number in (line, column) if number)])
        super().__init__(place, said=said, advice=advice)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."
