"""Pulumi.yaml and Pulumi.STACK.yaml: what the project is called, how it is run, and its configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from pulumi_ahv.engine.records import Cipher
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.kernel.errors import ConfigError

RUNTIMES: Final = ("python", "nodejs")


@dataclass(frozen=True)
class Project:
    """A project on disk. ``directory`` holds Pulumi.yaml, ``main`` the program."""

    name: str
    directory: Path
    main: Path
    runtime: str = "python"
    options: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the program is, and where it and its providers run."""
        return self.main.parent if self.main.is_file() else self.main

    @property
    def python(self) -> Path | None:
        """The interpreter of the virtual environment that the project names, if it names one."""
        environment = str(self.options.get("virtualenv") or "")
        if not environment:
            return None
        python = (self.directory / environment / "bin" / "python").absolute()
        if not python.exists():
            raise ConfigError(
                f"Reading {self.directory / 'Pulumi.yaml'}",
                said=f"its virtualenv {environment!r} is no virtual environment",
                advice=f"Make it with: python3 -m venv {environment}",
            )
        return python


@dataclass(frozen=True)
class StackFile:
    """Pulumi.STACK.yaml: the configuration as written, and the salt of its secrets."""

    salt: str = ""
    texts: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


def find_project(start: Path) -> Project:
    """Find the project that a directory belongs to; ConfigError if there is none, or none that can be run."""
    for directory in (start.absolute(), *start.absolute().parents):
        for name in ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json"):
            if (directory / name).is_file():
                return _read_project(directory / name)
    raise ConfigError(f"Looking for a project in {start}", said="there is no Pulumi.yaml here or in a directory above")


def read_stack_file(project: Project, stack: str) -> StackFile:
    """Read the configuration of a stack; an absent file is an empty one."""
    path = project.directory / f"Pulumi.{stack}.yaml"
    if not path.exists():
        return StackFile()
    text = path.read_text(encoding="utf-8")
    values, texts = _load(path, text, yaml.SafeLoader), _load(path, text, yaml.BaseLoader)
    return StackFile(values.get("encryptionsalt") or "", texts.get("config") or {}, values.get("config") or {})


def stack_config(
    project: Project,
    file: StackFile,
    cipher: Callable[[], Cipher],
    *,
    plain: Mapping[str, str] | None = None,
    secret: Mapping[str, str] | None = None,
) -> StackConfig:
    """Put the configuration together: the project's defaults, the stack's file, then what the command line adds.

    ``cipher`` is asked for only if something is encrypted.
    """
    values: dict[str, str] = {}
    secrets: set[str] = set()
    for key, declared in project.config.items():
        default = declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared
        if default is not None:
            values[_full(project, key)] = _text(default)
            if isinstance(declared, dict) and declared.get("secret"):
                secrets.add(_full(project, key))
    for key, value in file.values.items():
        opened, hidden = _open(value, cipher)
        values[_full(project, key)] = _text(opened) if isinstance(opened, (dict, list)) or hidden else file.texts[key]
        secrets.discard(_full(project, key))
        if hidden:
            secrets.add(_full(project, key))
    for given, hide in ((plain or {}, False), (secret or {}, True)):
        for key, value in given.items():
            values[_full(project, key)] = value
            (secrets.add if hide else secrets.discard)(_full(project, key))
    return StackConfig(values, frozenset(secrets))


def _read_project(path: Path) -> Project:
    content = _load(path, path.read_text(encoding="utf-8"), yaml.SafeLoader)
    runtime = content.get("runtime") or ""
    name, options = (runtime.get("name"), runtime.get("options")) if isinstance(runtime, dict) else (runtime, {})
    if not content.get("name"):
        raise ConfigError(f"Reading {path}", said="the project has no name")
    if name not in RUNTIMES:
        raise ConfigError(
            f"Reading {path}",
            said=f"its runtime is {name!r}",
            advice=f"The embedded engine runs {' and '.join(RUNTIMES)} only; use the pulumi command.",
        )
    main = (path.parent / (content.get("main") or ".")).resolve()
    return Project(content["name"], path.parent, main, name, options or {}, content.get("config") or {})


def _load(path: Path, text: str, loader: type[yaml.SafeLoader | yaml.BaseLoader]) -> dict[str, Any]:
    try:
        content = yaml.load(text, Loader=loader)  # noqa: S506 - both loaders make plain values only
    except yaml.YAMLError as error:
        raise ConfigError(f"Reading {path}", said=str(error)) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"Reading {path}", said="it is no mapping")
    return content


def _full(project: Project, key: str) -> str:
    return key if ":" in key else f"{project.name}:{key}"


def _open(value: Any, cipher: Callable[[], Cipher]) -> tuple[Any, bool]:
    """The value with its ``secure`` parts decrypted, and whether there were any."""
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            return cipher().decrypt(value["secure"]), True
        opened = {key: _open(item, cipher) for key, item in value.items()}
        return {key: item for key, (item, _) in opened.items()}, any(hidden for _, hidden in opened.values())
    if isinstance(value, list):
        items = [_open(item, cipher) for item in value]
        return [item for item, _ in items], any(hidden for _, hidden in items)
    return value, False


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
