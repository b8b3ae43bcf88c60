"""A real Debian boots with our disc, loses it, and boots again as the same machine.

Runs under KVM where KVM really works, which only booting tells (``/dev/kvm`` may be there and unusable), else emulated.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import Payload, RenderedPayload
from pulumi_ahv.payload.spec import Identity, PayloadSpec
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import Member, Nic

# Emulated, a boot takes the better part of a minute on an idle machine and several on a busy one.
pytestmark = [pytest.mark.guest, pytest.mark.slow, pytest.mark.timeout(1200)]

IDENTITY = Identity("7c1f4f0e-52a1-4d2a-8f43-2f7b6d0a9c11", ("50:6b:8d:00:00:01",))
KERNEL_LINE = "root=/dev/sda rw console=ttyS0 net.ifnames=0 mitigations=off"
# The report runs at every boot, whether or not cloud-init does; then the machine switches itself off.
USER_DATA = """#cloud-config
write_files:
  - path: /usr/local/bin/report
    permissions: "0755"
    content: |
      #!/bin/sh
      for try in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(ip -4 -br addr show eth0 | awk '{ print $3 }')" ] && break; sleep 1
      done
      {
        echo "REPORT hostname $(hostname)"
        echo "REPORT address $(ip -4 -br addr show eth0 | awk '{ print $3 }')"
        echo "REPORT route $(ip route show default | awk '{ print $3 }')"
        echo "REPORT key $(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | awk '{ print $2 }')"
        echo "REPORT runs $(wc -l < /root/runs)"
        echo "REPORT done"
      } > /dev/ttyS0
      systemctl poweroff
  - path: /etc/systemd/system/report.service
    content: |
      [Unit]
      After=network-online.target ssh.service cloud-final.service
      [Service]
      Type=oneshot
      ExecStart=/usr/local/bin/report
      [Install]
      WantedBy=multi-user.target
{% if pin %}
  - path: /etc/cloud/cloud.cfg.d/99-pinned.cfg
    content: "datasource_list: [{{ pin }}, None]"
{% endif %}
runcmd:
  - echo ran >> /root/runs
  - systemctl daemon-reload
  - systemctl enable report.service
  - systemctl start --no-block report.service
"""


@pytest.fixture(scope="module")
def boot_cache() -> Path:
    path = os.environ.get("AHV_BOOT_CACHE")
    if not path:
        pytest.fail("this test needs what .ci/test-boot prepares: call make test-boot")
    return Path(path)


def qemu(cache: Path, accelerator: list[str], serial: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [
        "qemu-system-x86_64", "-machine", "pc", *accelerator, "-m", "384", "-nodefaults", "-no-user-config",
        "-display", "none", "-no-reboot", "-serial", f"file:{serial}", "-kernel", str(cache / "vmlinuz"),
        "-initrd", str(cache / "initrd.img"), "-append", KERNEL_LINE, "-uuid", IDENTITY.uuid, *more,
    ]  # fmt: skip
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def accelerator(boot_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """KVM if a kernel comes up under it within seconds, else emulation."""
    serial = tmp_path_factory.mktemp("probe") / "serial"
    kvm = ["-accel", "kvm", "-cpu", "host"]
    machine = qemu(boot_cache, kvm, serial)
    try:
        machine.wait(timeout=15)
    except subprocess.TimeoutExpired:
        pass
    finally:
        machine.kill()
        machine.wait()
    works = serial.exists() and b"Run /init as init process" in serial.read_bytes()
    return kvm if works else ["-accel", "tcg,tb-size=128", "-cpu", "qemu64"]


class Machine:
    """A machine with a disk of its own, over the common one."""

    def __init__(self, cache: Path, accelerator: list[str], folder: Path) -> None:
        self._cache, self._accelerator, self._folder = cache, accelerator, folder
        self._disk = folder / "disk.qcow2"
        base = ["-b", str(cache / "disk.qcow2"), "-F", "qcow2"]
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, str(self._disk)], check=True)

    def boot(self, disc: bytes | None) -> dict[str, str]:
        """Boot until it switches itself off; answer what it reported on its serial console."""
        serial = self._folder / f"serial-{time.monotonic_ns()}"
        devices = [
            "-device", "virtio-scsi-pci,id=scsi0", "-drive", f"file={self._disk},if=none,id=d0,format=qcow2",
            "-device", "scsi-hd,bus=scsi0.0,drive=d0", "-netdev", "user,id=n0",
            "-device", f"virtio-net-pci,netdev=n0,mac={IDENTITY.macs[0]}", "-device", "virtio-rng-pci",
        ]  # fmt: skip
        if disc:
            image = self._folder / "disc.iso"
            image.write_bytes(disc)
            devices += ["-drive", f"file={image},if=none,id=c0,format=raw,readonly=on,media=cdrom"]
            devices += ["-device", "ide-cd,drive=c0"]
        machine = qemu(self._cache, self._accelerator, serial, *devices)
        try:
            machine.wait(timeout=420)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the machine did not switch itself off:\n{serial.read_text(errors='replace')[-3000:]}")
        finally:
            machine.kill()
            machine.wait()
        text = serial.read_text(errors="replace").replace("\r", "")
        report = dict(re.findall(r"REPORT (\S+) ?(.*)", text))
        assert "done" in report, text[-3000:]
        return report


@pytest.mark.parametrize(
    ("layout", "pin"),
    [(Layout.CONFIG_DRIVE, "ConfigDrive"), (Layout.NO_CLOUD, "")],
    ids=["config drive, pinned in the image", "NoCloud"],
)
def test_a_machine_keeps_itself_when_its_disc_is_taken_away(
    layout: Layout, pin: str, boot_cache: Path, accelerator: list[str], tmp_path: Path
) -> None:
    template = Template("user-data", USER_DATA)
    nic = Nic(addresses=("10.0.2.77/24",), gateways=("10.0.2.2",))
    payload = Payload(PayloadSpec(layout, user_data=(template,), variables={"pin": pin})).render(
        Member("agent-007", nics=(nic,))
    )
    assert isinstance(payload, RenderedPayload)
    assert payload.findings == ()
    machine = Machine(boot_cache, accelerator, tmp_path)
    first = machine.boot(payload.disc(IDENTITY))
    assert first["hostname"] == "agent-007"
    assert first["address"] == "10.0.2.77/24"
    assert first["route"] == "10.0.2.2"
    assert first["key"].startswith("SHA256:")
    assert first["runs"] == "1"
    assert machine.boot(None) == first
