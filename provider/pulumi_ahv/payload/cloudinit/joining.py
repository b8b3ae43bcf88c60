"""The script that lets a Linux guest join a domain at its first boot: realmd, as cloud-init's part of its own.

It stands beside the user's parts of a multipart, under a name that sorts before theirs and before ``runcmd``: what they
run finds the accounts of the domain. The password goes to ``realm`` by its standard input, through a built-in of the
shell, so that no list of processes shows it; the script removes itself before it begins. cloud-init's own copy of the
user-data stays readable for root (guest.md, section 6.4), as with every other secret.

Facts: realmd asks for a password on standard input where there is no terminal; package names are those of Debian,
Fedora and SUSE. Not assumed: that a golden image comes without them, for a network of members may have no mirror.
"""

from __future__ import annotations

from pulumi_ahv.payload.quoting import shell_word
from pulumi_ahv.payload.variables import Domain

FILE_NAME = "00-join-domain"

_SCRIPT = """\
#!/bin/sh
# Joins the domain {name}. Written by pulumi-ahv from the pool's property 'domain'.
set -eu
rm -f -- "$0"
there() {{ command -v realm && command -v adcli && command -v sssd; }} >/dev/null 2>&1
if ! there; then
    if command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update
        apt-get -qq -y install realmd sssd sssd-tools libnss-sss libpam-sss adcli
    elif command -v dnf >/dev/null; then
        dnf -q -y install realmd sssd adcli oddjob oddjob-mkhomedir
    elif command -v yum >/dev/null; then
        yum -q -y install realmd sssd adcli oddjob oddjob-mkhomedir
    elif command -v zypper >/dev/null; then
        zypper -q -n install realmd sssd sssd-ad adcli
    else
        echo 'joining {name}: there is no realm, adcli and sssd, and no package manager to get them' >&2
        exit 1
    fi
fi
if realm list --name-only | grep -Fqix {name}; then
    exit 0
fi
printf '%s\\n' {password} | realm join {options} {name}
"""


def join_script(domain: Domain, password: str) -> str:
    """Write the script, with this text in the place of the password.

    Raises:
        ValueError: a text holds a NUL.
    """
    user = f"{domain.account}@{domain.account_domain.upper()}" if domain.account_domain else domain.account
    options = [f"--user={user}", *([f"--computer-ou={domain.ou}"] if domain.ou else [])]
    return _SCRIPT.format(name=domain.name, options=shell_word(options), password=shell_word(password))
