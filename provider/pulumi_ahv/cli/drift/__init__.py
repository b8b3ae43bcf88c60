"""``ahv drift``: what a preview with refresh tells of drift, as a short report.

``findings`` reads the engine's JSON, ``markdown`` and ``document`` write what was found; none of them touches anything
else. ``command`` runs the engine, or takes what it has written.
"""
