"""Our judgement of truncation against QEMU's own reader, over files that qemu-img wrote. Wants qemu-utils."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit

pytestmark = pytest.mark.guest

SIZE = (12 << 20) + 3 * 512
WRITTEN = {
    "qcow2": ("qcow2", ""),
    "qcow2-zlib": ("qcow2", "-c"),
    "qcow2-zstd": ("qcow2", "-c -o compression_type=zstd"),
    "qcow2-old": ("qcow2", "-o compat=0.10,cluster_size=4096"),
    "qcow2-large": ("qcow2", "-o cluster_size=2M"),
    "vmdk": ("vmdk", ""),
    "vmdk-stream": ("vmdk", "-o subformat=streamOptimized"),
    "vhd": ("vpc", "-o force_size=on"),
    "vhd-fixed": ("vpc", "-o subformat=fixed,force_size=on"),
    "vhdx": ("vhdx", ""),
    "vhdx-fixed": ("vhdx", "-o subformat=fixed"),
    "vdi": ("vdi", ""),
    "vdi-static": ("vdi", "-o static=on"),
}
REFUSED = {
    "qcow": ("qcow", "", "qcow version 1"),
    "qed": ("qed", "", "QED"),
    "parallels": ("parallels", "", "Parallels"),
    "flat": ("vmdk", "-o subformat=monolithicFlat", "'monolithicFlat'.*-flat.vmdk"),
    "parts": ("vmdk", "-o subformat=twoGbMaxExtentSparse", "'twoGbMaxExtentSparse'"),
    "subclusters": ("qcow2", "-o extended_l2=on", "subclusters"),
    "data-file": ("qcow2", "-o data_file=outside.raw", "keeps its data in another file, 'outside.raw'"),
}


def convert(*arguments: str | Path, folder: Path) -> bool:
    command = ["qemu-img", "convert", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk with holes and noise, whose last sectors are noise."""
    chance = random.Random(3)
    data = bytearray(SIZE)
    for start in [*range(0, SIZE - 70_000, 3_000_000), SIZE - 700]:
        data[start : start + 70_000] = chance.randbytes(min(70_000, SIZE - start))
    path = tmp_path_factory.mktemp("qemu") / "original.raw"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", WRITTEN)
def test_a_cut_that_is_taken_has_cost_qemu_nothing(look: Callable[..., Content], original: Path, name: str) -> None:
    driver, options = WRITTEN[name]
    disk, cut, back = (original.with_name(f"{name}.{end}") for end in ("disk", "cut", "back"))
    assert convert("-f", "raw", *options.split(), "-O", driver, original, disk, folder=original.parent)
    data = disk.read_bytes()
    assert look(data).virtual_size == SIZE
    chance = random.Random(name)
    near = [1, 2, 511, 512, 513, 1024, 1536, 4096, 65536]
    cuts = [len(data) - end for end in near] + [chance.randrange(len(data)) for _ in range(30)]
    for length in (cut_at for cut_at in cuts if cut_at > 0):
        try:
            found = look(data[:length])
        except Unfit:
            continue
        if name == "vhd-fixed" and found.format == "raw":  # without its footer it is one, for QEMU as well
            continue
        cut.write_bytes(data[:length])
        assert convert("-f", driver, "-O", "raw", cut, back, folder=original.parent)
        assert back.read_bytes() == original.read_bytes()


@pytest.mark.parametrize("name", REFUSED)
def test_what_prism_cannot_take_is_refused(look: Callable[..., Content], original: Path, name: str) -> None:
    driver, options, words = REFUSED[name]
    disk = original.with_name(f"{name}.vmdk")
    assert convert("-f", "raw", *options.split(), "-O", driver, original, disk, folder=original.parent)
    with pytest.raises(Unfit, match=words):
        look(disk.read_bytes())
