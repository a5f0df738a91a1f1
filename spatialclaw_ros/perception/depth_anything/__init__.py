"""Depth Anything 3: colour images to depth and relative poses, and these to metres."""
