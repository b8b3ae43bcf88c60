"""Runs inside the guest's Debian, with the guest's Python: what cloud-init's own checker says of many documents.

Reads a JSON list of texts from standard input; writes a JSON list of verdicts: "" for good, else what is wrong.
"""

import json
import logging
import sys

import yaml
from cloudinit.config import schema

logging.disable(logging.CRITICAL)


def network_schema(config: dict) -> dict:
    """The schema for the version that a network configuration says it has."""
    inner = config.get("network", config)
    version = inner.get("version") if isinstance(inner, dict) else None
    return schema.get_schema(
        schema.SchemaType.NETWORK_CONFIG_V1 if version == 1 else schema.SchemaType.NETWORK_CONFIG_V2
    )


def verdict(text: str, kind: str, cloud_config: dict) -> str:
    """Say what is wrong with one document."""
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError) as broken:
        return "yaml: " + str(broken)
    if not isinstance(config, dict):
        return "not a mapping"
    wanted = cloud_config if kind == "cloud-config" else network_schema(config)
    try:
        schema.validate_cloudconfig_schema(config, wanted, strict=True, log_deprecations=False, log_details=True)
    except schema.SchemaValidationError as wrong:
        # Deprecations alone are raised, too: they make no document bad.
        return str(wrong) if wrong.has_errors() else ""
    return ""


kind = sys.argv[1]
whole = schema.get_schema()
json.dump([verdict(text, kind, whole) for text in json.load(sys.stdin)], sys.stdout)
