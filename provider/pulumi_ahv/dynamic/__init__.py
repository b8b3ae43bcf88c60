"""The dynamic face: resources for Python programs, with nothing to install but this package.

``image`` and its neighbours are what programs use. ``provider`` runs in the provider process and calls the handlers;
``session`` is where that process gets its connections from.
"""
