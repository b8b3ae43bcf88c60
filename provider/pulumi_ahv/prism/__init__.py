"""Prism as the rest of the package sees it: one interface, two products behind it.

``values`` holds what is told of things, ``interface`` what can be done with them; ``central`` and ``element`` do it.
Wire JSON is known in those two only.
"""
