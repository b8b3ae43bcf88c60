"""For tests of your own programs: a pytest plugin with an embedded Prism and an embedded engine.

``plugin`` holds the fixtures ``ahv_site`` and ``ahv_stack``, which pytest finds by itself where this package is
installed; ``stacks`` is what ``ahv_stack`` gives.
"""
