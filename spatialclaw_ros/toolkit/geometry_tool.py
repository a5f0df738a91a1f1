"""tools.Geometry: measures between visible surfaces, and the small functions old cells call."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spatialclaw_ros.findings import measures
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.framed import finding_in_frame
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.relations import WORDS
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.findings.track import Track
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.toolkit import geometry_functions
from spatialclaw_ros.toolkit.arguments import frame_number
from spatialclaw_ros.toolkit.arguments import is_list
from spatialclaw_ros.toolkit.arguments import is_number
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.guided import guided_function
from spatialclaw_ros.toolkit.per_frame_mask import PerFrameMask
from spatialclaw_ros.toolkit.reconstruct import ReconstructTool
from spatialclaw_ros.toolkit.reconstruction import Reconstruction
from spatialclaw_ros.toolkit.viewpoints import viewpoint_of


def _is_many(thing: Any) -> bool:
    """Whether `thing` is several things to measure, not one point or one cloud written as lists."""
    return is_list(thing) and bool(len(thing)) and not is_number(thing[0]) and not (
        is_list(thing[0]) or (isinstance(thing[0], np.ndarray) and thing[0].ndim == 1))


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

    `a`, `b`: an Object3D, (K, 3) points in world metres, one point, a finding, or a mask of one
    object; a list of them gives a list. `sigma` metres is that of bare points.
    """

    def __init__(self, window: FrameWindow, reconstruct: ReconstructTool) -> None:
        """Measure in the world of `window`."""
        self._window, self._reconstruct = window, reconstruct

    @property
    def _up(self) -> np.ndarray | None:
        return self._reconstruct.up

    def _seen_from(self, asked: Any, things: Sequence[Object3D]) -> measures.Viewpoint | None:
        return viewpoint_of(asked, replace(self._window, up=self._up), things)

    def closest_distance(self, a: Any, b: Any, sigma: float = np.nan) -> Any:
        """Least distance between the visible surfaces of `a` and `b`: a Distance, m."""
        return _each(lambda x, y: measures.closest_distance(
            self._still(x, sigma), self._still(y, sigma)), a, b)

    def centroid_distance(self, a: Any, b: Any, sigma: float = np.nan) -> Any:
        """Distance between the centroids of the visible points of `a` and `b`: a Distance, m."""
        return _each(lambda x, y: measures.centroid_distance(
            self._still(x, sigma), self._still(y, sigma)), a, b)

    def gap(self, a: Any, b: Any, axis: Any = None, sigma: float = np.nan) -> Any:
        """Free space between `a` and `b` along `axis`, m; negative where they overlap.

        `axis`: None is the horizontal line between them; 'x', 'y', 'z', 'up' or a vector (3,).
        """
        return _each(lambda x, y: measures.gap(
            self._still(x, sigma), self._still(y, sigma), axis), a, b)

    def height(self, a: Any, support: Any = None) -> Any:
        """Top of `a` above the support at its foot (or above `support`), along up: m."""
        under = support if support is None or isinstance(support, Plane3D) else self._object(
            support)
        return _each(lambda x, _: measures.height(self._still(x), under), a, None)

    def extent(self, a: Any, axis: Any) -> Any:
        """Reach of the visible surface along `axis` ('x', 'y', 'z', 'up', a vector): m."""
        return _each(lambda x, _: measures.extent(self._still(x), axis), a, None)

    def end(self, a: Any, axis: Any) -> Any:
        """Where the visible surface of `a` ends along `axis` (a vector): m from the world's origin.

        `recon.up` gives its top, `-recon.up` minus the level of its lower end.
        """
        return _each(lambda x, _: measures.top_along(
            self._still(x), np.asarray(axis, float)), a, None)

    def size(self, a: Any) -> Any:
        """The three sides of the box of `a`, largest first: three Quantities, m."""
        return _each(lambda x, _: measures.size(self._still(x)), a, None)

    def position(self, a: Any, frame: Any = None) -> Any:
        """Centroid of the visible points: a Position with covariance.

        `frame`: None is the world; a frame number or 'camera' (of the newest frame that shows it)
        is that camera's optical frame; or the name of the world or of the target frame.
        """
        return _each(lambda x, _: self._position(self._still(x), frame), a, None)

    def direction(self, a: Any, of: Any, viewpoint: Any = None,
                  among: Sequence[str] | None = None) -> Any:
        """Where `a` is relative to `of`: left, right, front, behind, above or below.

        `viewpoint`: None is Metadata.viewpoint; 'camera', a frame number, or an Object3D with a
        front. `among` limits the words. front is nearer to the viewer.
        """
        words = WORDS if among is None else among

        def one(x: Any, y: Any) -> Relation:
            first, second = self._still(x), self._still(y)
            return measures.direction(
                first, second, self._seen_from(viewpoint, [first, second]), words)

        return _each(one, a, of)

    def facing(self, a: Any, viewpoint: Any = None) -> Any:
        """Which way the front of `a` points, seen from the viewpoint: a Relation."""

        def one(x: Any) -> Relation:
            thing = self._still(x)
            seen_from = self._seen_from(viewpoint, [thing])
            if seen_from is None:
                view = max(thing.views, key=lambda v: (v.stamp, v.frame))
                seen_from = measures.Viewpoint.of_camera(view, thing.up)
            return measures.facing(thing, seen_from)

        return _each(lambda x, _: one(x), a, None)

    def angle_between(self, a: Any, b: Any) -> Any:
        """Angle between two vectors (0-pi) or faces of objects or planes (0-pi/2): rad."""
        return measures.angle_between(a, b)

    def tilt(self, a: Any) -> Any:
        """Angle of the dominant face of `a` against the level: rad."""
        return _each(lambda x, _: measures.tilt(self._still(x)), a, None)

    def lean(self, a: Any) -> Any:
        """Angle by which `a` leans from the vertical: rad."""
        return _each(lambda x, _: measures.lean(self._still(x)), a, None)

    def above(self, a: Any, surface: Any) -> Any:
        """How far the top of `a` is above a plane or another thing, along up: m."""
        under = surface if isinstance(surface, Plane3D) else self._object(surface)
        return _each(lambda x, _: measures.above(self._still(x), under), a, None)

    def on(self, a: Any, b: Any) -> Any:
        """Whether `a` stands on `b`: a Relation, yes or no, with the gap between them."""
        return _each(lambda x, y: measures.on(self._still(x), self._still(y)), a, b)

    def fits(self, a: Any, into: Any, clearance: float = 0.0) -> Any:
        """Whether the box of `a` goes into that of `into` (or three lengths) with clearance, m."""
        room = into if not isinstance(into, PerFrameMask) else self._object(into)
        return _each(lambda x, _: measures.fits(self._still(x), room, clearance), a, None)

    def nearest(self, of: Any, among: Sequence[Any], farthest: bool = False) -> Relation:
        """The one of `among` whose surface is nearest to `of` (or farthest): a Relation."""
        things = [self._still(thing) for thing in among]
        found = [measures.closest_distance(self._still(of, 0.0), thing) for thing in things]
        return measures.chosen([thing.name for thing in things], found, largest=farthest)

    def rank(self, among: Sequence[Any], measure: Callable[[Any], Any],
             best: Callable[..., Any] = max) -> Relation:
        """The one of `among` with the largest (`best=max`) or smallest `measure(thing)`."""
        found = []
        for thing in among:
            value = measure(thing)
            found.append(Quantity(thing.name, float(value), '') if is_number(value) else value)
        return measures.chosen([thing.name for thing in among], found, largest=best is not min)

    def count(self, mask: Any) -> Quantity:
        """Number of different things in a mask, or among objects; one seen twice counts once."""
        objects = self._objects(mask)
        names = sorted({thing.name for thing in objects})
        return measures.count(objects, ', '.join(names[:4]) or 'objects')

    def track(self, mask: Any, recon: Reconstruction | None = None) -> Any:
        """Places over time of the object of a mask: a Track; of several objects a list.

        Its `.is_moving`, `.speed` m/s, `.heading` (3,) and `.heading_deg` (counter-clockwise about
        up from the world's x axis, NaN at rest), `.displacement` m, each with `…_sigma`; as
        findings `displacement(track)`, `speed(track)` and `approach(track, other)`.
        """
        tracks = [measures.track(thing) for thing in self._objects(mask, recon)]
        return tracks[0] if len(tracks) == 1 else tracks

    def approach(self, a: Any, b: Any) -> Any:
        """Rate at which the Track `a` and `b` near each other, m/s; negative where they part.

        `b`: a Track, or what is at rest: an object, a mask of one, points, a point or a finding.
        """
        for track in a if _is_many(a) else (a,):
            if not isinstance(track, Track):
                raise TypeError(f'got {type(track).__name__} for a; give its track: '
                                'tools.Geometry.track(mask)')
        return _each(lambda x, y: measures.approach(
            x, y if isinstance(y, Track) else self._still(y)), a, b)

    displacement = staticmethod(measures.displacement)
    speed = staticmethod(measures.speed)
    agrees = staticmethod(measures.agrees)
    reconcile = staticmethod(measures.reconcile)

    def plane(self, points_or_mask: Any, frame: Any = None, level: bool = False) -> Plane3D:
        """The dominant plane of points (…, 3), an object or a mask; its normal is to the viewer.

        `frame` is where bare points were seen (default: the newest frame). `level=True` passes
        over walls, where gravity is known: the floor, a table.
        """
        up = self._up if level else None
        if isinstance(points_or_mask, (Object3D, PerFrameMask)):
            return measures.plane(self._object(points_or_mask), up=up)
        view = None
        if self._window.frames:
            number = self._window.newest.index if frame is None else frame_number(frame)
            view = self._reconstruct.view(number)
        return measures.plane(points_or_mask, view, up)

    def _position(self, thing: Object3D, frame: Any) -> Position:
        if frame is None or frame == '' or (frame == 'world'):
            return measures.position(thing)
        if frame == 'camera' or not isinstance(frame, str):
            number = max(thing.views, key=lambda v: (v.stamp, v.frame)).frame if (
                frame == 'camera' and thing.views) else (
                self._window.newest.index if frame == 'camera' else frame_number(frame))
            if thing.views:
                return measures.position(thing, number)
            pose = self._window.at(number).camera_to_world
            matrix = np.eye(4) if pose is None else np.linalg.inv(pose)
            return self._moved(measures.position(thing), matrix, f'camera {number}')
        if frame == self._window.world_frame:
            return replace(measures.position(thing), frame=frame)
        if frame == self._window.target_frame and self._window.world_to_target is not None:
            return self._moved(measures.position(thing), self._window.world_to_target, frame)
        raise ValueError(
            f'frame {frame!r} is not known here; give None for the world '
            f"({self._window.world_frame!r}), 'camera', a frame number"
            + (f', or {self._window.target_frame!r}' if self._window.target_frame else ''))

    @staticmethod
    def _moved(found: Position, matrix: np.ndarray, frame: str) -> Position:
        moved = finding_in_frame(found, matrix)
        assert isinstance(moved, Position)
        return replace(moved, frame=frame)

    def _objects(self, thing: Any, recon: Reconstruction | None = None) -> list[Object3D]:
        if isinstance(thing, PerFrameMask):
            if not thing.num_objects:
                return []
            recon = recon or self._reconstruct.Reconstruct(frame_indices=thing.frame_indices)
            return list(recon.objects(thing))
        if is_list(thing):
            return [found for one in thing for found in self._objects(one, recon)]
        return [self._object(thing)]

    def _object(self, thing: Any, sigma: float = np.nan) -> Object3D:
        if isinstance(thing, PerFrameMask):
            found = self._objects(thing)
            if len(found) != 1:
                raise TypeError(f'the mask has {len(found)} objects {thing.labels}, one is wanted; '
                                f'choose with mask.only(label){": " * bool(thing.reason)}'
                                f'{thing.reason}')
            return found[0]
        return as_object(thing, sigma=sigma, up=self._up)

    def _still(self, thing: Any, sigma: float = np.nan) -> Object3D:
        """`thing` as an object; raises Moving where its views show that it moved."""
        found = self._object(thing, sigma)
        if len(found.sights) > 1:
            measures.check_still(found)
        return found


for _name in ('euclidean_distance', 'angle_between_vectors', 'project_point_to_camera',
              'rotation_matrix_from_vectors', 'transform_points', 'fit_ground_plane_ransac',
              'normalized_to_pixel'):
    setattr(GeometryTool, _name,
            staticmethod(guided_function(getattr(geometry_functions, _name))))
