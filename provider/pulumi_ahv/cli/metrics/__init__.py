"""``ahv metrics``: how long the members of a pool took, phase by phase, as one line and as a picture.

``reading`` finds the figures in what an engine has written, ``figures`` sums them up, ``chart`` draws them; these are
pure. The picture is SVG, written by hand: bars and labels need no plotting library, and every browser shows it.
"""
