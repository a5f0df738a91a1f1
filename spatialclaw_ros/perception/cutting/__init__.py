"""The object in a box: its pixels, by colour, depth and what surrounds it."""
