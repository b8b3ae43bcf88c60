"""Prism Element: the v2.0 API with the parts of v1, v0.8 and v3 that clients of it need.

Stands beside the v4 families on the same store, so that a cluster, an image or a task is seen from Central and from
its Element alike; what only one side knows is worked out when it is shown. A door (``door``) is the Element of one
cluster. Facts and their sources: api-legacy, section 1; what is assumed is said where it is assumed.
"""
