"""A pretend guest in every VM that is on: boots, reads the attached discs, does what they say, reports, shuts down.

``life`` is its time and state, ``discs`` what lies in the drives (read by ``iso9660``), ``cloud_init`` and
``unattend`` what the texts mean, ``joining`` which domain they join, ``network`` which addresses it ends up with.
"""
