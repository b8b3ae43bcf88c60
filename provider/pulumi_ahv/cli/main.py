"""Puts the subcommands together. Importing a subcommand is cheap; what it needs it imports when it runs."""

from __future__ import annotations

import typer

from pulumi_ahv import __version__
from pulumi_ahv.cli import doctor, local, render, sim, sweep
from pulumi_ahv.cli.demo import command as demo
from pulumi_ahv.cli.drift import command as drift
from pulumi_ahv.cli.metrics import command as metrics

app = typer.Typer(
    name="ahv",
    help="Machines on Nutanix AHV as code: an embedded Prism, an embedded engine, and what goes with them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.add_typer(local.app, name="local")
app.command("sim")(sim.sim)
app.command("render")(render.render)
app.command("doctor")(doctor.doctor)
app.command("drift")(drift.drift)
app.command("metrics")(metrics.metrics)
app.command("sweep")(sweep.sweep)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)
