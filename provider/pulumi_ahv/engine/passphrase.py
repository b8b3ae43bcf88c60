"""Secrets under a passphrase: PBKDF2-SHA256 and AES-256-GCM, in the texts that Pulumi writes.

``v1:SALT:v1:NONCE:CIPHERTEXT`` is the salt with a check value; ``v1:NONCE:CIPHERTEXT`` is a secret; all parts base64.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from pulumi_ahv.kernel.errors import ConfigError

_ROUNDS: Final = 1_000_000
_CHECK: Final = "pulumi"


class PassphraseCipher:
    """Encrypts and decrypts under one passphrase and salt. ``salt`` is the text that goes into files."""

    def __init__(self, key: bytes, salt: str, *, random: Callable[[int], bytes] = os.urandom) -> None:
        self.salt = salt
        self._aead = AESGCM(key)
        self._random = random

    @classmethod
    def new(cls, passphrase: str, *, random: Callable[[int], bytes] = os.urandom) -> PassphraseCipher:
        """Choose a salt."""
        salt = random(8)
        cipher = cls(_key(passphrase, salt), "", random=random)
        cipher.salt = f"v1:{_b64(salt)}:{cipher.encrypt(_CHECK)}"
        return cipher

    @classmethod
    def open(cls, passphrase: str, salt: str) -> PassphraseCipher:
        """Use the salt of a stack; ConfigError if the passphrase is not the one it was made with."""
        parts = salt.split(":", 2)
        if len(parts) != 3 or parts[0] != "v1":
            raise ConfigError("Reading the encryption salt of the stack", said="it is not of the form v1:SALT:CHECK")
        cipher = cls(_key(passphrase, base64.b64decode(parts[1])), salt)
        if cipher.decrypt(parts[2]) != _CHECK:
            raise ConfigError("Opening the secrets of the stack", said="incorrect passphrase")
        return cipher

    def encrypt(self, text: str) -> str:
        """Encrypt a text under a fresh nonce."""
        nonce = self._random(12)
        return f"v1:{_b64(nonce)}:{_b64(self._aead.encrypt(nonce, text.encode(), None))}"

    def decrypt(self, text: str) -> str:
        """Decrypt a text; ConfigError if it was not made under this key."""
        _, _, nonce_and_text = text.partition("v1:")
        nonce, _, sealed = nonce_and_text.partition(":")
        try:
            return self._aead.decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None).decode()
        except (InvalidTag, ValueError) as error:
            raise ConfigError(
                "Opening the secrets of the stack",
                said="incorrect passphrase, or a secret of another stack",
                advice="Set PULUMI_CONFIG_PASSPHRASE to the passphrase this stack was made with.",
            ) from error


class PlainCipher:
    """No cipher: for state in memory, which no one else can read."""

    def encrypt(self, text: str) -> str:
        """The text itself."""
        return text

    def decrypt(self, text: str) -> str:
        """The text itself."""
        return text


def passphrase_from(environ: Mapping[str, str]) -> str:
    """The passphrase of the environment; ConfigError if it is not set (it may be empty)."""
    if "PULUMI_CONFIG_PASSPHRASE" in environ:
        return environ["PULUMI_CONFIG_PASSPHRASE"]
    if file := environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    raise ConfigError(
        "Opening the secrets of the stack",
        said="neither PULUMI_CONFIG_PASSPHRASE nor PULUMI_CONFIG_PASSPHRASE_FILE is set",
        advice="For a trial an empty one will do: export PULUMI_CONFIG_PASSPHRASE=''",
    )


def _key(passphrase: str, salt: bytes) -> bytes:
    return PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=_ROUNDS).derive(passphrase.encode())


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
