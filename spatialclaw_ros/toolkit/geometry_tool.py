"""tools.Geometry: measures between visible surfaces, and the small functions old cells call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spatialclaw_ros.findings import measures
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.toolkit import geometry_functions
from spatialclaw_ros.toolkit.arguments import is_list
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.guided import guided_function


def _is_many(thing: Any) -> bool:
    """Whether `thing` is several things to measure, not one point or one cloud written as lists."""
    return is_list(thing) and not (
        len(thing) and isinstance(thing[0], (int, float, np.number, list, tuple)))


def _each(measure: Callable[..., Any], a: Any, b: Any) -> Any:
    """`measure(a, b)`; where one or both are lists, the list of it."""
    if _is_many(a) and _is_many(b):
        if len(a) != len(b):
            raise TypeError(f'two lists of one length are paired, here {len(a)} and {len(b)}')
        return [measure(x, y) for x, y in zip(a, b, strict=True)]
    if _is_many(a):
        return [measure(x, b) for x in a]
    return [measure(a, y) for y in b] if _is_many(b) else measure(a, b)


@guided
class GeometryTool:
    """Measures, each a finding with value, unit, sigma and the points it rests on.

    `a`, `b`: an Object3D, (K, 3) points in world metres, one point, or a finding; a list of them
    gives a list. `sigma` metres is that of bare points.
    """

    def __init__(self, window: FrameWindow) -> None:
        """Measure in the world of `window`."""
        self._window = window

    def closest_distance(self, a: Any, b: Any, sigma: float = np.nan) -> Any:
        """Least distance between the visible surfaces of `a` and `b`: a Distance, m."""
        return _each(lambda x, y: measures.closest_distance(
            self._object(x, sigma), self._object(y, sigma)), a, b)

    def _object(self, thing: Any, sigma: float = np.nan) -> Object3D:
        up = None if self._window.up is None else np.asarray(self._window.up)
        return as_object(thing, sigma=sigma, up=up)


for _name in ('euclidean_distance', 'angle_between_vectors', 'project_point_to_camera',
              'rotation_matrix_from_vectors', 'transform_points', 'fit_ground_plane_ransac',
              'normalized_to_pixel'):
    setattr(GeometryTool, _name,
            staticmethod(guided_function(getattr(geometry_functions, _name))))
