"""Measures between visible surfaces, each a finding with value, unit, sigma and interval."""

from spatialclaw_ros.findings.measures.closest import closest_distance

__all__ = ['closest_distance']
