"""What can be said of guest tools."""

from __future__ import annotations

from typing import Literal

from pulumi_ahv.schema.fields import Bag

Capability = Literal["selfServiceRestore", "vssSnapshot"]


class PoolGuestTools(Bag):
    """Nutanix Guest Tools of every member.

    The tools are in the template, or the payload installs them from their disc; that disc, with a certificate for each
    member, is put in before its first start and goes when they answer.
    """

    capabilities: list[Capability] | None = None
    """What they are enabled for. Default: for nothing beyond being there."""
