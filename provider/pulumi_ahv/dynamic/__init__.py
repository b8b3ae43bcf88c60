"""The dynamic face: resources for Python programs, with nothing to install but this package.

``image`` and its neighbours are what programs use. ``provider`` is what Pulumi keeps of them; in the provider process
``served`` calls the handlers, and ``session`` is where it gets its connections from.
"""
