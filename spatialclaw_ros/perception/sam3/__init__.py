"""SAM 3: masks of objects by text, boxes or points, in one image or followed through a window."""
