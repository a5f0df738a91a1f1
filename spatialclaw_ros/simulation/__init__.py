"""Scenes with exact ground truth, and a ray-cast RGB-D camera that errs as real ones do."""

from spatialclaw_ros.simulation.simulation import SCENES
from spatialclaw_ros.simulation.simulation import Simulation

__all__ = ['SCENES', 'Simulation']
