"""The digest of a payload: what decides between "nothing to do" and "roll out".

It covers names and contents of the files, never the disc's container (whose bytes may change with pycdlib) and never
the instance id (which is not known before the VM is). Secrets go in through scrypt, salted with the owner mark, so that
state does not let a password be guessed: for the digest, the templates are rendered once more with every secret
replaced by its seal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pulumi_ahv.kernel.secrets import Secret

# 16 MiB and some 40 ms for each guess; once for each secret of a run.
_COST = {"n": 2**14, "r": 8, "p": 1}


class Sealer:
    """Seals secrets with one salt. Each secret costs scrypt once, however many members carry it."""

    def __init__(self, salt: str) -> None:
        self._salt = hashlib.sha256(f"pulumi-ahv payload {salt}".encode()).digest()
        self._sealed: dict[Secret, str] = {}

    def seal(self, secret: Secret) -> str:
        """64 hexadecimal digits that stand for the secret and do not tell it."""
        if secret not in self._sealed:
            self._sealed[secret] = hashlib.scrypt(secret.reveal().encode(), salt=self._salt, dklen=32, **_COST).hex()
        return self._sealed[secret]


def digest(label: str, files: Mapping[str, bytes]) -> str:
    """Hash label and files; every part goes in with its length, so that none can pose as another."""
    hasher = hashlib.sha256()
    parts = [b"1", label.encode()]
    for name in sorted(files):
        parts += [name.encode(), files[name]]
    for part in parts:
        hasher.update(len(part).to_bytes(8, "big"))
        hasher.update(part)
    return hasher.hexdigest()
