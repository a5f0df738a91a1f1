"""Sensor depth with its holes filled by a network's."""
