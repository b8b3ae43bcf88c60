"""The ``ahv:`` settings of a stack, read from its file as far as they can be read without Pulumi.

A stack's file keeps secrets encrypted, and only Pulumi can decrypt them. They are left out here, and named, so that the
user can give them by ``NUTANIX_*`` variables, or hand in all of it: ``pulumi config --show-secrets --json`` writes the
same names with a ``value`` each.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_ahv.kernel.errors import ConfigError

STDIN = Path("-")


@dataclass(frozen=True)
class Settings:
    """What a file holds: readable values, the keys of encrypted ones, and where they stand."""

    values: dict[str, Any]
    encrypted: tuple[str, ...] = ()
    place: str = "the environment"

    def hint(self, command: str) -> str:
        """What to do about the encrypted ones; empty where there are none."""
        if not self.encrypted:
            return ""
        return (
            f"{self.place} keeps {', '.join(self.encrypted)} encrypted: set the NUTANIX_ variables, or run "
            f"`pulumi config --show-secrets --json | ahv {command} --config -`."
        )


def read_settings(file: Path | None, folder: Path) -> Settings:
    """Read a file, standard input for ``-``, or without either the one stack's file of a folder, if it has one.

    Raises:
        ConfigError: The file cannot be read, or the folder has several.
    """
    if file is None:
        found = sorted(path for path in folder.glob("Pulumi.*.yaml") if path.is_file())
        if len(found) > 1:
            raise ConfigError(
                "Looking for settings",
                said=f"there are several stacks here: {', '.join(path.name for path in found)}",
                advice="Name the file of one of them with --config.",
            )
        if not found:
            return Settings({})
        file = found[0]
    return _parsed(file)


def _parsed(file: Path) -> Settings:
    import yaml

    place = "standard input" if file == STDIN else str(file)
    doing = f"Reading settings from {place}"
    try:
        document = yaml.safe_load(sys.stdin if file == STDIN else file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise ConfigError(doing, said=said) from error
    if document is None:
        document = {}
    if not isinstance(document, Mapping):
        advice = "It is a stack's file (Pulumi.STACK.yaml), or what `pulumi config --json` writes."
        raise ConfigError(doing, said="it is no mapping of settings", advice=advice)
    config = document.get("config", document)
    told = config if isinstance(config, Mapping) else {}
    ours = {str(key): value for key, value in told.items() if str(key).startswith("ahv:")}
    encrypted = tuple(key for key, value in ours.items() if isinstance(value, Mapping) and "secure" in value)
    return Settings({key: _plain(value) for key, value in ours.items() if key not in encrypted}, encrypted, place)


def _plain(value: Any) -> Any:
    """A value as it stands, or as `pulumi config --json` writes it."""
    return value["value"] if isinstance(value, Mapping) and set(value) <= {"value", "secret", "objectValue"} else value
