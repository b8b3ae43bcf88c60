"""What carries a stack's mark and is in no state: finds it and, when asked to, deletes it (design rule 2).

``declared`` reads a state, ``names`` tells whose working names are, ``looking`` finds, ``deleting`` deletes.
"""
