"""The `ahv` command: one module per subcommand, put together in ``main``. Heavy imports wait for their command."""
