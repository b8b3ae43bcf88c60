"""A stack for tests: a program, a function or a folder, on the embedded engine against an embedded Prism.

A function runs in this process and takes milliseconds; a folder with a ``Pulumi.yaml`` runs as it is, in processes of
its own, and takes a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pulumi_ahv.dynamic.worlds import close_worlds
from pulumi_ahv.engine.deployment import Options
from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.project import find_project
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.engine.stack import LocalStack, Result
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.simulator.server import Prism

Program = Callable[[], Any] | Path


class ProgramFailed(AssertionError):
    """A run that a test wanted to succeed did not; the message holds what the user would have read."""


class TestStack:
    """One stack. Each method answers the engine's result, and raises `ProgramFailed` when the run fails."""

    __test__ = False  # the name is for people, not for pytest's collection

    def __init__(self, site: Prism, home: Path, *, project: str = "project", name: str = "test") -> None:
        self.site = site
        self.config: dict[str, str] = {}
        self._home = home
        self._project = project
        self._name = name
        self._inline = InlineStack(project=project, name=name)
        self._folder: LocalStack | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close_worlds()

    def up(self, program: Program, *, expect_failure: bool = False, **options: Any) -> Result:
        """Make the site what the program wants.

        Args:
            program: a function without arguments, or a folder that holds a Pulumi program.
            expect_failure: the run has to fail; its messages are in `result.errors`.
            options: fields of the engine's `Options`, for example `refresh=True`.
        """
        if isinstance(program, Path):
            local = self._local(program)
            return _judged(local.up(Options(**options)), expect_failure=expect_failure)
        self._inline.config = StackConfig(self._settings())
        return _judged(self._inline.up(program, **options), expect_failure=expect_failure)

    def preview(self, program: Program, *, expect_failure: bool = False, **options: Any) -> Result:
        """Say what `up` would do; `result.summary` counts it."""
        return self.up(program, expect_failure=expect_failure, preview=True, **options)

    def refresh(self) -> Result:
        """Take into the state what the site has become."""
        if self._folder:
            return _judged(self._folder.refresh(Options()), expect_failure=False)
        return _judged(self._inline.refresh(), expect_failure=False)

    def destroy(self) -> Result:
        """Delete everything that the stack holds."""
        if self._folder:
            return _judged(self._folder.destroy(Options()), expect_failure=False)
        return _judged(self._inline.destroy(), expect_failure=False)

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Outputs of the stack, secrets in clear."""
        if self._folder:
            shown = InlineStack(store=self._folder.store)
            return shown.outputs
        return self._inline.outputs

    def _settings(self) -> dict[str, str]:
        """How to reach the site, and what the test set besides; a bare key belongs to the project."""
        own = {key if ":" in key else f"{self._project}:{key}": value for key, value in self.config.items()}
        return {
            "ahv:endpoint": self.site.url,
            "ahv:username": self.site.username,
            "ahv:password": self.site.password,
            "ahv:caBundle": str(self.site.ca_file),
            **own,
        }

    def _local(self, folder: Path) -> LocalStack:
        if not (folder / "Pulumi.yaml").is_file():
            raise AhvError(f"Running the program in {folder}", said="there is no Pulumi.yaml in it")
        project = find_project(folder)
        prefix = f"{self._project}:"
        settings = self._settings()
        plain = {
            key.replace(prefix, f"{project.name}:", 1) if key.startswith(prefix) else key: value
            for key, value in settings.items()
        }
        self._folder = LocalStack(
            project,
            self._name,
            self._home / "state",
            plain_config=plain,
            environ={**os.environ, "PULUMI_CONFIG_PASSPHRASE": "test"},
        )
        return self._folder


def _judged(result: Result, *, expect_failure: bool) -> Result:
    if result.ok == expect_failure:
        said = "\n".join(result.errors) or "it gave no reason"
        raise ProgramFailed("the run succeeded" if expect_failure else f"the run failed:\n{said}")
    return result
