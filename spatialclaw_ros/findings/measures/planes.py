"""Planes of points and of scenes, and what stands at an angle to what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.measures.estimate import combined
from spatialclaw_ros.findings.measures.estimate import Estimate
from spatialclaw_ros.findings.measures.estimate import mask_sigma
from spatialclaw_ros.findings.measures.estimate import SEED
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.measures.inputs import frames_of
from spatialclaw_ros.findings.measures.inputs import spread_out
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.objects import Plane3D
from spatialclaw_ros.findings.sight import Sight
from spatialclaw_ros.findings.support import support_under
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.findings.uncertainty import interval_of
from spatialclaw_ros.findings.uncertainty import Sigma
from spatialclaw_ros.geometry.boxes import convex_outline
from spatialclaw_ros.geometry.planes import dominant_plane
from spatialclaw_ros.geometry.planes import least_squares_plane
from spatialclaw_ros.geometry.planes import PlaneFit
from spatialclaw_ros.geometry.transforms import angle_between as angle_of_vectors
from spatialclaw_ros.geometry.transforms import basis_with_third
from spatialclaw_ros.geometry.transforms import unit

_SHARE_OF_RANGE = 0.006
_FLOOR_TOLERANCE = 0.004
_FACE_SHARE = 0.4
_SAMPLE = 4000
_REPEATS = 24
_MOST_TILT = np.deg2rad(30.0)


def plane(thing: Any, view: View | None = None, up: np.ndarray | None = None,
          name: str = 'plane') -> Plane3D:
    """The dominant plane of an object, of points (N, 3) or of a frame's points (H, W, 3).

    Metres, world. Its normal is to the side of `view`'s camera, or of `up`. With `up` (3,) only
    planes level within 30 degrees count: the floor, a table. `view` also gives the error of depth
    and focal length. Raises NotVisible where no plane is found.
    """
    if isinstance(thing, Object3D):
        view = thing.views[-1] if view is None and thing.views else view
        points, name = thing.points, thing.name if name == 'plane' else name
    else:
        points = np.asarray(thing, float).reshape(-1, 3)
    points = points[np.isfinite(points).all(axis=1)]
    points = points[::max(len(points) // (5 * _SAMPLE), 1)]
    away = np.ones(len(points)) if view is None else np.linalg.norm(points - view.origin, axis=1)
    fit = dominant_plane(points, _FLOOR_TOLERANCE + _SHARE_OF_RANGE * away, up, _MOST_TILT)
    if fit is None:
        raise NotVisible(f'{name}: {len(points)} points hold no plane; give a region that shows it')
    side = view.origin if view is not None else points.mean(axis=0) + (
        np.array([0, 0, 1.0]) if up is None else up)
    return _described(fit.facing(side), points, view, name)


def _described(fit: PlaneFit, points: np.ndarray, view: View | None, name: str) -> Plane3D:
    inliers = points[fit.inliers]
    axes = basis_with_third(fit.normal)
    flat = inliers @ axes[:, :2]
    outline = convex_outline(flat)
    polygon = outline @ axes[:, :2].T + fit.offset * fit.normal
    spread = float(np.sqrt(np.linalg.eigvalsh(np.cov(flat.T))[0])) if len(flat) > 2 else np.inf
    independent = max(len(inliers) / 9, 1)
    normal_sigma = fit.residual / max(spread, 1e-6) / np.sqrt(independent)
    offset_sigma = fit.residual / np.sqrt(independent)
    if view is not None:
        lever = float(inliers.mean(axis=0) @ fit.normal - view.origin @ fit.normal)
        offset_sigma = float(np.hypot(offset_sigma, view.depth_share * lever))
        turned = angle_of_vectors(_refocused(fit.normal, view), fit.normal)
        normal_sigma = float(np.hypot(normal_sigma, turned))
    return Plane3D(fit.normal, fit.offset, polygon, fit.residual, float(normal_sigma),
                   float(offset_sigma), name)


def _refocused(normal: np.ndarray, view: View) -> np.ndarray:
    """Unit normal (3,) of a plane seen by `view`, when the focal length is one sigma off.

    That scales what is seen across the viewing axis: normals scale by the inverse.
    """
    axis = view.camera_to_world[:3, 2]
    along = axis * (axis @ normal)
    return unit(along + (normal - along) * (1 + view.focal_share))


def found_plane(of: Plane3D) -> FoundPlane:
    """A plane as it leaves the kernel."""
    return FoundPlane(of.name, of.normal, of.offset, of.polygon, of.normal_sigma, of.offset_sigma)


def camera_height(surface: Plane3D, view: View) -> Quantity:
    """Height of the camera of `view` above a plane, metres."""
    value = float(surface.height(view.origin))
    along = float(view.camera_to_world[:3, 2] @ surface.normal)
    frame = float(np.hypot(view.depth_share, view.focal_share * (1 - along ** 2))) * abs(value)
    pixel = surface.residual / np.sqrt(max(len(surface.polygon), 1))
    sigma = Sigma(0.0, float(pixel), frame)
    foot = view.origin - surface.normal * value
    return Quantity(f'height of the camera above {surface.name}', value, 'm', sigma,
                    interval_of(value, np.empty(0), sigma.total),
                    np.array([foot, view.origin]), (view.frame,))


def camera_angle(surface: Plane3D, view: View) -> Quantity:
    """Angle between the viewing axis of `view` and a surface, rad, in [0, pi/2]."""
    axis = view.camera_to_world[:3, 2]
    value = float(np.arcsin(np.clip(abs(axis @ surface.normal), 0, 1)))
    sigma = Sigma(0.0, surface.normal_sigma)
    return Quantity(f'angle between the viewing axis and {surface.name}', value, 'rad', sigma,
                    interval_of(value, np.empty(0), sigma.total, 0.0, np.pi / 2),
                    surface.polygon, (view.frame,))


def tilt(a: Any) -> Quantity:
    """Angle of the dominant face of `a` against the level, rad: 0 lies flat, pi/2 stands."""
    return _against_up(a, 'tilt', lambda normal, up: float(
        np.arccos(np.clip(abs(normal @ up), 0, 1))), face_only=True)


def lean(a: Any) -> Quantity:
    """Angle by which `a` leans from the vertical, rad, 0 upright.

    Of its dominant face; of its long axis where no face holds enough of its points (a bottle).
    """
    return _against_up(a, 'lean', lambda normal, up: float(
        np.arcsin(np.clip(abs(normal @ up), 0, 1))), face_only=False)


def angle_between(a: Any, b: Any) -> Quantity:
    """Angle between two directions (3,), in [0, pi], or faces, in [0, pi/2], rad.

    Each of `a`, `b` is a vector, a plane, or an object, whose dominant face counts.
    """
    (first, sigma_a, face_a), (second, sigma_b, face_b) = _direction(a), _direction(b)
    value = angle_of_vectors(first, second)
    if face_a or face_b:
        value = min(value, np.pi - value)
    if face_a != face_b:
        value = np.pi / 2 - value
    sigma = Sigma(0.0, float(np.hypot(sigma_a, sigma_b)))
    return Quantity('angle', value, 'rad', sigma,
                    interval_of(value, np.empty(0), sigma.total, 0.0, np.pi))


def _direction(thing: Any) -> tuple[np.ndarray, float, bool]:
    """Direction (3,), its sigma rad, and whether it is the normal of a face."""
    if isinstance(thing, (Plane3D, FoundPlane)):
        return thing.normal, float(thing.normal_sigma), True
    if not isinstance(thing, Object3D):
        vector = np.asarray(thing, float)
        if vector.shape == (3,):
            return vector, 0.0, False
    of = plane(as_object(thing))
    return of.normal, of.normal_sigma, True


def _against_up(a: Any, what: str, angle: Callable[[np.ndarray, np.ndarray], float], *,
                face_only: bool) -> Quantity:
    a = as_object(a)
    estimates, note = [], ''
    for sight in spread_out(a.sights):
        up = a.up
        if up is None:
            under = support_under(sight, None)
            if under is None:
                continue
            up, note = under.normal, 'gravity is unknown: against what it stands on'
        estimate = _angle_in_view(sight, up, angle, face_only=face_only)
        if estimate is not None:
            estimates.append(estimate)
    if not estimates:
        reason = 'no gravity and no support is known' if a.up is None else 'it shows no face'
        raise Unanswerable(f'{what} of {a.name!r}: {reason}; ask of a frame that shows it better')
    best, differ = combined(estimates)
    return Quantity(f'{what} of {a.name}', best.value, 'rad', best.sigma,
                    best.interval(low=0.0), best.points, best.frames,
                    '; '.join(n for n in (note, differ) if n))


def _angle_in_view(sight: Sight, up: np.ndarray, angle: Callable[[np.ndarray, np.ndarray], float],
                   *, face_only: bool) -> Estimate | None:
    surface = sight.surface()
    every = np.arange(len(surface.points))[::max(len(surface.points) // _SAMPLE, 1)]
    points = surface.points[every]
    found = _pose_normal(points, up, face_only=face_only)
    if found is None:
        return None
    normal, face, is_face = found
    plain = angle(normal, up)
    rng = np.random.default_rng(SEED)
    chosen = np.flatnonzero(face)
    drawn = [angle(least_squares_plane(repeat)[0] if is_face else _across_long_axis(repeat, up), up)
             for repeat in surface.draws(every[chosen], rng, _REPEATS)[1:]]
    others = [angle(other[0], up) for variant in range(1, sight.variants)
              if (other := _pose_normal(sight.surface(variant).points, up,
                                        face_only=face_only)) is not None]
    errors = np.array(drawn) - np.mean(drawn)
    view = sight.view
    frame = 0.0 if view is None else abs(angle(_refocused(normal, view), up) - plain)
    pose = 0.0 if view is None else view.pose_rotation_sigma
    return Estimate(plain, errors, mask_sigma(plain, others), frame, pose, points[:1],
                    frames_of(sight))


def _pose_normal(points: np.ndarray, up: np.ndarray, *, face_only: bool
                 ) -> tuple[np.ndarray, np.ndarray, bool] | None:
    """Normal (3,) of the dominant face, the points (N,) bool it rests on, and True.

    Where no face holds enough of them: a normal across the long axis, all points, and False.
    """
    points = points[::max(len(points) // _SAMPLE, 1)]
    if len(points) < 10:
        return None
    extent = float(np.linalg.norm(np.ptp(points, axis=0)))
    fit = dominant_plane(points, _FLOOR_TOLERANCE + 0.01 * extent)
    if fit is None:
        return None
    if face_only or fit.inliers.mean() >= _FACE_SHARE:
        return fit.normal, fit.inliers, True
    return _across_long_axis(points, up), np.ones(len(points), bool), False


def _across_long_axis(points: np.ndarray, up: np.ndarray) -> np.ndarray:
    _, vectors = np.linalg.eigh(np.cov(points.T))
    across = np.cross(np.cross(vectors[:, 2], up), vectors[:, 2])
    length = float(np.linalg.norm(across))
    return vectors[:, 0] if length < 1e-9 else across / length
