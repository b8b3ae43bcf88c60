"""``ahv demo``: walks through the life of things on an embedded Prism, as a stranger to the project would see it.

``command`` chooses Prism, engine and walk; ``walks`` tells the stories; ``stage`` runs what they call for and shows it
in short, by the rules of ``excerpt``; ``colleague`` is somebody else at the same Prism.
"""
