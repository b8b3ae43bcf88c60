"""A small embedded engine that speaks Pulumi's protocol: for trial and tests, never for production.

Entry points: ``inline_stack.InlineStack`` for programs and providers as objects, ``stack.LocalStack`` for projects on
disk, ``deployment.Options`` for how a run goes about it, ``probing`` to look into a run and to kill it. Everything
below is in the order of a run: ``deployment`` puts the parts together; ``services`` hears what the program wants,
``registering`` (with ``replacing``, ``deleting``, ``refreshing``) decides the steps, ``execution`` and ``steps`` carry
them out, ``provider`` and ``registry`` speak to providers, ``journal`` and ``store`` keep the state.
"""
