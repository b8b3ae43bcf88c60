"""The joining script, run by a real shell with programs of the test in the place of realmd."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.cloudinit.joining import join_script
from pulumi_ahv.payload.variables import Domain

PASSWORD = 'it\'s $HOME `x` "100%" \\n'
DOMAIN = Domain("corp.example", "OU=Build Agents,DC=corp,DC=example", "joiner", Secret(PASSWORD))
REALM = """#!/bin/sh
if [ "$1" = list ]; then cat {joined} 2>/dev/null; exit 0; fi
echo "$@" >> {calls}
cat > {read}
echo corp.example > {joined}
"""


@dataclass
class Guest:
    """A Linux with a few programs on its path."""

    home: Path

    def program(self, name: str, text: str = "") -> None:
        path = self.home / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text or f'#!/bin/sh\necho "{name} $*" >> {self.home}/installed\n')
        path.chmod(0o755)

    def realmd(self) -> None:
        names = {name: self.home / name for name in ("joined", "calls", "read")}
        self.program("realm", REALM.format(**names))
        self.program("adcli")
        self.program("sssd")

    def run(self, domain: Domain = DOMAIN) -> subprocess.CompletedProcess[str]:
        script = self.home / "00-join-domain"
        script.write_text(join_script(domain, domain.password.reveal() if domain.password else ""))
        for name in ("rm", "grep", "cat"):
            (self.home / "bin").mkdir(exist_ok=True)
            if not (self.home / "bin" / name).exists():
                (self.home / "bin" / name).symlink_to(f"/bin/{name}")
        environ = {**os.environ, "PATH": str(self.home / "bin")}
        return subprocess.run(
            ["/bin/sh", str(script)], env=environ, capture_output=True, text=True, timeout=20, check=False
        )

    def read(self, name: str) -> str:
        path = self.home / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    return Guest(tmp_path)


def test_the_password_comes_by_standard_input_and_never_as_an_argument(guest: Guest) -> None:
    guest.realmd()
    ended = guest.run()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert guest.read("read") == PASSWORD + "\n"
    assert guest.read("calls") == ("join --user=joiner --computer-ou=OU=Build Agents,DC=corp,DC=example corp.example\n")


def test_the_script_is_gone_before_it_joins(guest: Guest) -> None:
    guest.realmd()
    guest.run()
    assert not (guest.home / "00-join-domain").exists()


def test_a_guest_that_has_joined_is_left_alone(guest: Guest) -> None:
    guest.realmd()
    guest.run()
    assert guest.run().returncode == 0
    assert guest.read("calls").count("\n") == 1


@pytest.mark.parametrize("manager", ["apt-get", "dnf", "yum", "zypper"])
def test_what_is_missing_is_installed_by_the_manager_that_is_there(guest: Guest, manager: str) -> None:
    guest.program(manager)
    guest.run()
    assert "realmd" in guest.read("installed")


def test_without_realmd_and_a_package_manager_it_fails_and_says_so(guest: Guest) -> None:
    ended = guest.run()
    assert ended.returncode == 1
    assert "no package manager" in ended.stderr


def test_an_account_of_another_domain_is_named_with_its_realm(guest: Guest) -> None:
    guest.realmd()
    guest.run(Domain("corp.example", "", "joiner", Secret("pw"), account_domain="parent.example"))
    assert guest.read("calls") == "join --user=joiner@PARENT.EXAMPLE corp.example\n"
