"""The ``ahv demo`` command."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_ahv.cli.engines import choose_engine, environment

if TYPE_CHECKING:
    from pulumi_ahv.simulator.server import Prism

PRODUCTS = ("central", "element")
HELD = ("vms", "templates", "snapshots", "images", "objects")
DISK_EXAMPLE = "image-python"  # its disk maker serves every walk


def demo(
    walk: Annotated[str, typer.Argument(help="pool or image: what the demo is about")] = "pool",
    *,
    engine: Annotated[str, typer.Option(help="embedded or pulumi; without it pulumi, where it is on the PATH")] = "",
    product: Annotated[str, typer.Option(help="central or element: which Prism is embedded")] = "central",
    examples: Annotated[Path, typer.Option(help="folder of the examples")] = Path("examples"),
    pace: Annotated[float, typer.Option(help="factor on the duration of Prism's tasks; 1 is as slow as life")] = 0.05,
    full: Annotated[bool, typer.Option("--full", help="show all that the engine prints")] = False,
) -> None:
    """Create, drift, repair, roll, shrink and destroy a pool of machines on an embedded Prism."""
    from pulumi_ahv.cli.demo.colleague import colleague_at
    from pulumi_ahv.cli.demo.stage import DISK_MAKER, STACK, Stage
    from pulumi_ahv.cli.demo.walks import WALKS
    from pulumi_ahv.simulator.server import running

    if walk not in WALKS:
        raise typer.BadParameter(f"{walk} is none of {', '.join(WALKS)}", param_hint="WALK")
    if product not in PRODUCTS:
        raise typer.BadParameter(f"{product} is neither central nor element", param_hint="--product")
    folder = examples / WALKS[walk].example
    if not (folder / "Pulumi.yaml").is_file():
        raise typer.BadParameter(f"{folder} holds no program; run this from the repository", param_hint="--examples")
    chosen = choose_engine(engine, stack=STACK)
    typer.secho(f"This demo runs on {chosen.name}, against a Prism {product.title()} that is embedded, too.", bold=True)
    started = time.monotonic()
    with TemporaryDirectory(prefix="pulumi-ahv-demo-") as home, running(product=product, pace=pace) as prism:
        program = Path(home) / "program"
        shutil.copytree(folder, program)
        shutil.copy(examples / DISK_EXAMPLE / DISK_MAKER, program)
        stage = Stage(chosen, prism, colleague_at(prism, product), program, _environ(prism, Path(home)), full=full)
        stage.prepare()
        WALKS[walk].tell(stage)
        _account(prism)
    typer.secho(f"Done in {time.monotonic() - started:.0f} s. Nothing is left behind.", bold=True)


def _environ(prism: Prism, home: Path) -> dict[str, str]:
    return {
        **environment(home, os.environ),
        "XDG_CACHE_HOME": str(home / "cache"),
        "NUTANIX_ENDPOINT": prism.url,
        "NUTANIX_USERNAME": prism.username,
        "NUTANIX_PASSWORD": prism.password,
        "NUTANIX_CA_BUNDLE": str(prism.ca_file),
    }


def _account(prism: Prism) -> None:
    """Say what Prism holds at the end: nothing of the demo."""
    every = prism.control.about()["entities"]
    held = {kind: every.get(kind, 0) for kind in HELD}
    calls = sum(prism.control.counts().values())
    told = ", ".join(f"{count} {kind}" for kind, count in held.items())
    typer.secho(f"\nPrism holds {told}. The whole walk took {calls} calls.", bold=True)
    if any(held.values()):
        raise typer.Exit(1)
