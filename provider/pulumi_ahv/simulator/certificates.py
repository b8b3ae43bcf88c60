"""A CA and a server certificate for loopback. With a state folder the CA stays the same over restarts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificates:
    """Where the PEM files lie."""

    ca_file: Path
    chain_file: Path
    key_file: Path


def issue(folder: Path) -> Certificates:
    """Make what is missing in a folder: the CA once, the server's certificate each time."""
    files = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    ca_key = folder / "ca.key"
    if files.ca_file.exists() and ca_key.exists():
        ca = trustme.CA.from_pem(files.ca_file.read_bytes(), ca_key.read_bytes())
    else:
        ca = trustme.CA(organization_name="pulumi-ahv simulator")
        ca.cert_pem.write_to_path(files.ca_file)
        ca_key.touch(mode=0o600)
        ca.private_key_pem.write_to_path(ca_key)
    server = ca.issue_cert(*NAMES)
    files.key_file.touch(mode=0o600)
    server.private_key_pem.write_to_path(files.key_file)
    chain = b"".join(blob.bytes() for blob in server.cert_chain_pems)
    files.chain_file.write_bytes(chain)
    return files
