"""``ahv sim``: an embedded Prism on loopback, for trying programs out and for tests in any language."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pulumi_ahv.simulator.server import Prism


def sim(  # noqa: PLR0913, PLR0917 - typer reads options from parameters
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 9440,
    state: Annotated[Path | None, typer.Option(help="SQLite file that keeps the site's state over restarts.")] = None,
    product: Annotated[str, typer.Option(help="central, or element: the Prism Element of one cluster.")] = "central",
    elements: Annotated[bool, typer.Option(help="Give each cluster its Prism Element, on a free port.")] = False,
    release: Annotated[str, typer.Option(help="Newest API version of the site: v4.0 to v4.3.")] = "v4.3",
    seed: Annotated[int, typer.Option(help="Seed of UUIDs and of chance in fault rules.")] = 1,
    pace: Annotated[float, typer.Option(help="Factor on the duration of everything; 0.1 is ten times as fast.")] = 1.0,
    rate_limits: Annotated[bool, typer.Option(help="Answer 429 beyond Prism Central's published rates.")] = False,
    fetch_anywhere: Annotated[bool, typer.Option(help="Fetch image URLs from beyond this machine too.")] = False,
    username: Annotated[str, typer.Option(envvar="NUTANIX_USERNAME")] = "admin",
    password: Annotated[
        str, typer.Option(envvar="NUTANIX_PASSWORD", help="Better given by the variable.")
    ] = "nutanix/4u",  # noqa: S107 - the well-known default of a site that holds nothing real
) -> None:
    """Serve until interrupted. The first line says all a client needs: ``url=… ca=… username=…``."""
    from pulumi_ahv.simulator.server import serve
    from pulumi_ahv.simulator.settings import RELEASES, Settings

    if release not in RELEASES:
        raise typer.BadParameter(f"{release} is none of {', '.join(RELEASES)}", param_hint="--release")
    if product not in {"central", "element"}:
        raise typer.BadParameter(f"{product} is neither central nor element", param_hint="--product")
    settings = Settings(
        product=product,
        elements=elements,
        version=release,
        seed=seed,
        pace=pace,
        rate_limits=rate_limits,
        fetch_anywhere=fetch_anywhere,
        username=username,
        password=password,
        state=state,
    )
    try:
        serve(settings, port=port, announce=_announce)
    except OSError as error:
        typer.echo(
            f"ahv sim: cannot listen on 127.0.0.1:{port}: {error.strerror}. Choose another with --port.", err=True
        )
        raise typer.Exit(1) from error


def _announce(prism: Prism) -> None:
    """One line for programs on standard output, and what a person copies into another shell on standard error."""
    sys.stdout.write(f"url={prism.url} ca={prism.ca_file} username={prism.username}\n")
    for name, element in prism.elements.items():
        sys.stdout.write(f"element={name} url={element.url}\n")
    sys.stdout.flush()
    settings = {
        "NUTANIX_ENDPOINT": prism.url,
        "NUTANIX_USERNAME": prism.username,
        "NUTANIX_PASSWORD": prism.password,
        "NUTANIX_CA_BUNDLE": str(prism.ca_file),
    }
    exports = " ".join(f"{name}={quote(value)}" for name, value in settings.items())
    sys.stderr.write(f"In another shell:\n  export {exports}\nCtrl-C ends it.\n")
    sys.stderr.flush()
