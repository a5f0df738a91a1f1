"""Engines: from pixels to depth and masks."""
