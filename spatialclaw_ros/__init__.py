"""Spatial questions about what a robot sees, answered with geometry and error bars."""

__version__ = '0.1.0'
