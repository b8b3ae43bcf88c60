"""Payloads that lie as files on the storage of an Element: the address of each member's file, rendered and checked.

Nobody here sees what is in the file, so the address is all that can be compared: a payload that has changed is told by
another address. v2.0 reads the file when it makes the machine (``userdata_path``; api-legacy, section 1.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from pulumi_ahv.kernel.errors import InputError, PayloadError
from pulumi_ahv.payload.folder import TextFolder
from pulumi_ahv.payload.templating import Template, TemplateEngine
from pulumi_ahv.payload.variables import Member, revealed, scope_of
from pulumi_ahv.resources.pool.marks import DIGEST_DIGITS
from pulumi_ahv.schema.pool import PoolInputs

_PATH = "payload.path"
_ADDRESS = re.compile(r"adsf:///[^/\s]+(/[^/\s]+)+")


class Filed:
    """The files of the members of one pool; there are none where the payload does not say so."""

    def __init__(self, told: PoolInputs) -> None:
        self._told = told
        self._engine = TemplateEngine(TextFolder())
        self._template = Template(_PATH, told.payload.path) if told.payload and told.payload.path else None

    def address(self, slot: int, name: str) -> str:
        """Address of the file of a slot; empty where there is none.

        Raises:
            InputError: the template fails, or what it makes is no address.
        """
        if self._template is None or self._told.payload is None:
            return ""
        own = self._told.member_variables or {}
        member = Member(name, slot, variables={**own.get(str(slot), {}), **own.get(name, {})})
        scope = revealed(scope_of(member, self._told.payload.variables or {}))
        try:
            address = self._engine.render(self._template, scope if isinstance(scope, Mapping) else {}).text
        except PayloadError as error:
            raise InputError(_PATH, f"{name}: {error}") from error
        if not _ADDRESS.fullmatch(address):
            said = f"{name}: {address!r} is no file of a storage container"
            raise InputError(_PATH, said, advice="Write adsf:///container/file.")
        return address

    def digest(self, slot: int, name: str) -> str:
        """What stands for the payload of a slot; empty where there is none."""
        address = self.address(slot, name)
        return sha256(address.encode()).hexdigest()[:DIGEST_DIGITS] if address else ""

    def wrong(self, names: Mapping[int, str]) -> list[InputError]:
        """The first address that is none."""
        for slot, name in names.items():
            try:
                self.address(slot, name)
            except InputError as failure:
                return [failure]
        return []
