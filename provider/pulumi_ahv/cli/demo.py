"""`ahv demo`: the main job, from creation to destruction, on an embedded Prism Central or Prism Element."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_ahv.cli.colleague import AtCentral, AtElement, Colleague
from pulumi_ahv.cli.engines import Engine, choose_engine, environment

if TYPE_CHECKING:
    from pulumi_ahv.simulator.server import Prism

STACK = "demo"
UP = ("up", "--yes", "--skip-preview")
DRIFTED = 7
PRODUCTS: dict[str, Callable[[Prism], Colleague]] = {"central": AtCentral, "element": AtElement}


def demo(
    engine: Annotated[str, typer.Option(help="embedded or pulumi; without it pulumi, where it is on the PATH")] = "",
    example: Annotated[Path, typer.Option(help="folder of the program")] = Path("examples/image-python"),
    product: Annotated[str, typer.Option(help="central or element: which Prism is embedded")] = "central",
) -> None:
    """Create, drift, repair, replace and destroy an image on an embedded Prism."""
    if product not in PRODUCTS:
        raise typer.BadParameter(f"{product} is neither central nor element", param_hint="--product")
    if not (example / "Pulumi.yaml").is_file():
        raise typer.BadParameter(
            f"{example} holds no Pulumi program; run this from the repository", param_hint="--example"
        )
    chosen = choose_engine(engine, stack=STACK)
    typer.secho(f"This demo runs on {chosen.name}, against a Prism {product.title()} that is embedded, too.", bold=True)
    started = time.monotonic()
    with TemporaryDirectory(prefix="pulumi-ahv-demo-") as folder, _prism(product) as prism:
        program = Path(folder) / "program"
        shutil.copytree(example, program)
        Demo(chosen, prism, PRODUCTS[product](prism), program, _environ(prism, Path(folder))).run()
    typer.secho(f"\nDone in {time.monotonic() - started:.0f} s. Nothing is left behind.", bold=True)


@contextmanager
def _prism(product: str) -> Iterator[Prism]:
    from pulumi_ahv.simulator.server import running

    with running(product=product) as prism:
        yield prism


def _environ(prism: Prism, home: Path) -> dict[str, str]:
    return {
        **environment(home, os.environ),
        "NUTANIX_ENDPOINT": prism.url,
        "NUTANIX_USERNAME": prism.username,
        "NUTANIX_PASSWORD": prism.password,
        "NUTANIX_CA_BUNDLE": str(prism.ca_file),
    }


@dataclass
class Demo:
    """One walk through the life of an image."""

    engine: Engine
    prism: Prism
    colleague: Colleague
    program: Path
    environ: dict[str, str]
    stage: int = 0

    def run(self) -> None:
        """All stages, in order; the first that does not end as it should ends the demo."""
        self._disk("version 1")
        if self.engine.prepare:
            self._call(*self.engine.prepare, quiet=True)
        self._say("A disk file becomes an image: look at the two lines that say created.")
        self._call(*UP)
        self._say("The same again: nothing changes, and nothing is uploaded.")
        self._call(*UP, "--expect-no-changes")
        self.colleague.rename("renamed-by-a-colleague")
        self._say(
            "Somebody has renamed the image in Prism. The preview shows it, and exits 7 as a pipeline would see it."
        )
        self._call("preview", "--refresh", "--diff", "--expect-no-changes", expected=DRIFTED)
        self._say("Repaired: the name is what the program says.")
        self._call(*UP, "--refresh")
        self._disk("version 2")
        self._say("New content is a new image: it is made before the old one goes.")
        self._call(*UP)
        self._say("Destroyed.")
        self._call("destroy", "--yes", "--skip-preview")
        self._account()

    def _say(self, text: str) -> None:
        self.stage += 1
        typer.secho(f"\n━━ {self.stage}. {text}", fg=typer.colors.CYAN, bold=True)

    def _call(self, *words: str, expected: int = 0, quiet: bool = False) -> None:
        stack = () if words[:2] == ("stack", "init") else ("--stack", STACK)
        command = [*self.engine.command, *words, *stack]
        if not quiet:
            typer.secho(f"$ {'pulumi' if self.engine.prepare else 'ahv local'} {' '.join(words)}", dim=True)
        sys.stdout.flush()
        ended = subprocess.run(command, cwd=self.program, env=self.environ, capture_output=quiet, check=False)
        if ended.returncode != expected:
            said = (ended.stdout + ended.stderr).decode() if quiet else ""
            typer.secho(
                f"{said}This should have ended with exit code {expected}, not {ended.returncode}.", fg="red", err=True
            )
            raise typer.Exit(1)
        if expected:
            typer.secho(f"(exit code {ended.returncode})", dim=True)

    def _disk(self, text: str) -> None:
        maker = [sys.executable, "make_disk.py", "disk.img", f"pulumi-ahv demo disk, {text}"]
        subprocess.run(maker, cwd=self.program, check=True)

    def _account(self) -> None:
        """Say what Prism holds at the end: nothing of the demo."""
        images = self.colleague.images()
        calls = sum(self.prism.control.counts().values())
        typer.secho(f"\nPrism holds {len(images)} images. The whole walk took {calls} calls.", bold=True)
        if images:
            raise typer.Exit(1)
