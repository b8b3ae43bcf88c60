"""What it costs to bring a large local file into Prism: memory, and time against a bare upload of the same bytes.

    python benchmarks/upload.py [GiB]

The embedded Prism runs in a process of its own. The bare upload is one PUT by boto3 to the same S3 interface. Both run
in fresh processes; memory is the peak of the process, and idle is what it was after the connection stood.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import uuid
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def by_provider(path: str) -> dict[str, float]:
    """Create the image as the provider process does."""
    from pulumi_ahv.dynamic.session import context
    from pulumi_ahv.resources.image import ImageHandler

    world = context({}, progress=lambda _line: None)
    handler = ImageHandler(world)
    world.site(None)
    idle = peak_mib()
    checked = handler.check({}, {"name": f"big-{uuid.uuid4()}", "source": {"path": path}, "owner": "bench/bench/big"})
    assert not checked.failures, checked.failures
    hashed, started = peak_mib(), time.monotonic()
    created = handler.create(checked.inputs)
    seconds = time.monotonic() - started
    handler.delete(created.id, created.state)
    peak = peak_mib()
    return {"seconds": seconds, "idle": idle, "after check": hashed, "peak": peak, "above idle": peak - idle}


def bare(path: str) -> dict[str, float]:
    """Put the same bytes there with one call."""
    import boto3
    from botocore.config import Config

    environ = os.environ
    token = b64encode(f"{environ['NUTANIX_USERNAME']}:{environ['NUTANIX_PASSWORD']}".encode()).decode()
    client = boto3.client(
        "s3",
        endpoint_url=f"{environ['NUTANIX_ENDPOINT']}/api/prism/v4.0/objects/",
        region_name="us-east-1",
        aws_access_key_id=token,
        aws_secret_access_key=token,
        verify=environ["NUTANIX_CA_BUNDLE"],
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )
    idle, started = peak_mib(), time.monotonic()
    with Path(path).open("rb") as file:
        client.put_object(Bucket="vmm-images", Key="bare", Body=file)
    seconds = time.monotonic() - started
    client.delete_object(Bucket="vmm-images", Key="bare")
    return {"seconds": seconds, "idle": idle, "peak": peak_mib(), "above idle": peak_mib() - idle}


def main(gib: float) -> None:
    size = int(gib * (1 << 30))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "disk.img"
        sector = bytearray(512)
        sector[510:] = b"\x55\xaa"
        path.write_bytes(sector)
        os.truncate(path, size)
        command = [sys.executable, "-m", "pulumi_ahv.cli", "sim", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sim:
            assert sim.stdout
            told = dict(word.split("=", 1) for word in sim.stdout.readline().split())
            environ = {
                **os.environ,
                "NUTANIX_ENDPOINT": told["url"],
                "NUTANIX_USERNAME": told["username"],
                "NUTANIX_PASSWORD": os.environ.get("NUTANIX_PASSWORD", "nutanix/4u"),
                "NUTANIX_CA_BUNDLE": told["ca"],
            }
            try:
                for turn in ("bare", "by_provider") * 2:
                    print(f"{turn:12}", measured(turn, path, environ, size))
            finally:
                sim.terminate()


def measured(turn: str, path: Path, environ: dict[str, str], size: int) -> str:
    ended = subprocess.run(
        [sys.executable, __file__, turn, str(path)], env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    rate = size / told["seconds"] / (1 << 20)
    return ", ".join([f"{rate:.0f} MiB/s", *(f"{name} {value:.1f}" for name, value in told.items())])


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps({"bare": bare, "by_provider": by_provider}[sys.argv[1]](sys.argv[2])))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
