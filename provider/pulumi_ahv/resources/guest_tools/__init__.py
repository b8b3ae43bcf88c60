"""The guest tools of one machine.

``handler`` answers the engine; ``equipping`` brings the tools to what is told, step by step, each only where it is
needed; ``job`` is what both hold in their hands, and how they look at the machine.
"""
