"""What it takes to create, read, update and delete each resource, told without Pulumi and without wire formats.

One module per resource. Both faces call the same handlers (``handler``) with plain bags and hand them a ``Context``.
"""
