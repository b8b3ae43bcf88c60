"""Lookups: from a name that a program gives to what Prism knows of the thing.

``answering`` is the way in. Finding nothing and finding several are errors that tell what there is (design rule 3).
"""
