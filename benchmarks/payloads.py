"""1,000 members rendered, checked and mastered, in seconds, memory and bytes; and one xorriso run per disc beside it.

    python benchmarks/payloads.py [--members 1000] [--xorriso 100]

Prints a table in Markdown. ``--xorriso`` is how many discs are written by xorriso (0: none): a run takes a tenth of a
second and more, most of it waiting, so a part of the members tells enough.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import Payload, RenderedPayload
from pulumi_ahv.payload.spec import Identity, PayloadSpec
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import Domain, Member, Nic

USER_DATA = """#cloud-config
users:
  - default
  - name: {{ user }}
    shell: /bin/bash
    hashed_passwd: {{ password | yaml }}
    ssh_authorized_keys: {{ keys | yaml }}
write_files:
{% for number in range(12) %}
  - path: /etc/agent.d/{{ number }}.conf
    permissions: "0644"
    content: |
      name={{ name }}
      slot={{ slot }}
      address={{ address }}
      {{ filler }}
{% endfor %}
packages: [htop, jq, curl]
runcmd:
  - [systemctl, restart, agent]
  - echo {{ greeting | shell }} > /etc/motd
power_state: {mode: reboot, condition: true}
"""
VARIABLES = {
    "user": "runner",
    "keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample runner"],
    "greeting": "it's $HOME",
    "filler": "x" * 200,
    "password": Secret("$6$rounds=4096$salt$hash"),
}


def members(count: int) -> list[Member]:
    """A pool with static addresses and a domain."""
    domain = Domain("corp.example", "OU=Agents,DC=corp,DC=example", "joiner", Secret("join-password"))
    return [
        Member(
            f"agent-{slot:04}",
            slot,
            nics=(Nic(addresses=(f"10.{slot // 250}.{slot % 250}.5/16",), dns_servers=("10.0.0.2",)),),
            domain=domain,
        )
        for slot in range(count)
    ]


def peak_mib() -> float:
    """The most memory this process has used so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed_xorriso(payloads: list[RenderedPayload], identities: list[Identity]) -> tuple[float, int]:
    """Seconds and bytes for one run of xorriso per disc, files written before the clock starts."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (payload, identity) in enumerate(zip(payloads, identities, strict=True)):
            for name, content in payload.files(identity).items():
                path = Path(folder) / str(number) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        start, size = time.perf_counter(), 0
        for number in range(len(payloads)):
            target = Path(folder) / f"{number}.iso"
            command = ["xorriso", "-as", "mkisofs", "-quiet", "-no-pad", "-J", "-R", "-V", "cidata", "-o", target]
            subprocess.run([*command, Path(folder) / str(number)], check=True, stderr=subprocess.DEVNULL)
            size += target.stat().st_size
        return time.perf_counter() - start, size


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--members", type=int, default=1000)
    arguments.add_argument("--xorriso", type=int, default=100)
    options = arguments.parse_args()
    pool, before = members(options.members), peak_mib()
    spec = PayloadSpec(Layout.NO_CLOUD, user_data=(Template("user-data", USER_DATA),), variables=VARIABLES)
    identities = [Identity(f"00000000-0000-4000-8000-{slot:012}") for slot in range(options.members)]
    gc.collect()

    start = time.perf_counter()
    payload = Payload(spec, salt="owner mark")
    rendered = [payload.render(member) for member in pool]
    checked = time.perf_counter()
    payloads = [each for each in rendered if isinstance(each, RenderedPayload)]
    if len(payloads) < len(pool) or any(each.findings for each in payloads):
        sys.exit("the benchmark's own payload is not clean")
    size = sum(len(each.disc(identity)) for each, identity in zip(payloads, identities, strict=True))
    mastered = time.perf_counter()

    text = len(payloads[0].files()["user-data"])
    print(f"{options.members} members, user-data of {text} bytes each, one secret used\n")
    print("| step | seconds | a member | bytes |\n|---|---|---|---|")
    rows = [("render, check, digest", checked - start, 0), ("master the discs", mastered - checked, size)]
    rows.append(("both", mastered - start, size))
    for name, seconds, count in rows:
        print(f"| {name} | {seconds:.2f} | {seconds / options.members * 1000:.2f} ms | {count or ''} |")
    if options.xorriso:
        few = slice(0, options.xorriso)
        seconds, size = timed_xorriso(payloads[few], identities[few])
        print(
            f"| xorriso, {options.xorriso} discs | {seconds:.2f} | {seconds / options.xorriso * 1000:.2f} ms | {size} |"
        )
    print(f"\nPeak memory {peak_mib():.0f} MiB, of which {before:.0f} MiB before the first member.")


if __name__ == "__main__":
    main()
