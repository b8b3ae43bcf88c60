"""``python -m pulumi_ahv.cli`` is ``ahv``."""

from pulumi_ahv.cli.main import app

app()
