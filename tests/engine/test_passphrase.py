"""Secrets under a passphrase, in the real engine's texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_ahv.engine.passphrase import PassphraseCipher, passphrase_from
from pulumi_ahv.kernel.errors import ConfigError

# Written by pulumi 3.260.0 (`pulumi stack init`, `pulumi config set --secret`), passphrase "open sesame".
SALT = "v1:mbiyk8838J4=:v1:98RnaIv+Ja1rzHC1:56SmyfPQr8322RgjXQX4hVtB5Rt0UQ=="
SECRET = "v1:mQiovg8zNxNIgQAG:Nq55UBNn/WMCCvVtowHJo7tasF6xH2E="


def test_a_secret_of_the_real_engine_is_read() -> None:
    assert PassphraseCipher.open("open sesame", SALT).decrypt(SECRET) == "hunter2"


def test_what_was_encrypted_is_decrypted_with_the_same_salt_only() -> None:
    cipher = PassphraseCipher.new("p")
    text = cipher.encrypt("hidden")

    assert "hidden" not in text
    assert PassphraseCipher.open("p", cipher.salt).decrypt(text) == "hidden"
    with pytest.raises(ConfigError, match="incorrect passphrase"):
        PassphraseCipher.new("p").decrypt(text)


def test_the_same_text_is_encrypted_differently_each_time() -> None:
    cipher = PassphraseCipher.new("p")

    assert cipher.encrypt("x") != cipher.encrypt("x")


def test_another_passphrase_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="incorrect passphrase"):
        PassphraseCipher.open("wrong", SALT)


@pytest.mark.parametrize("salt", ["", "v1", "v2:YWJj:v1:YWJj:YWJj"])
def test_a_damaged_salt_is_refused(salt: str) -> None:
    with pytest.raises(ConfigError, match="v1:SALT:CHECK"):
        PassphraseCipher.open("x", salt)


def test_the_passphrase_may_be_empty_but_must_be_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("from a file\n")

    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE": ""}) == ""
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "file")}) == "from a file"
    with pytest.raises(ConfigError, match="PULUMI_CONFIG_PASSPHRASE"):
        passphrase_from({})
