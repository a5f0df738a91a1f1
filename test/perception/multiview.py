"""Random scenes of things that look alike, seen from several sides: masks, and whose they are.

How a scene is drawn: 4 to 8 things of 4 to 16 cm stand on a floor, of one to three shapes, each
shape as often as it happens, all of one label; two neighbours' axes are 1.15 to 2 widths apart. Up
to two screens without a mask stand among them. They are seen by 2 to 4 depth cameras of 320 x 240
pixels, 0.6 to 1.4 m away, 15 to 60 degrees above the floor, from any side; half of the scenes are
one camera that moves, the others several that watch at three moments and follow what they see. In
these up to two things move, 4 to 15 cm between moments. Poses err by what is told of them (one
sigma 2 to 5 mm, 1 to 3 mrad); depth has noise, bias, lost and flying edges, and single pixels and
small holes without a reading; half of the scenes lose 5 to 30 percent of each frame besides, in
holes of 6 to 24 pixels. Masks are up to two pixels too small or too large. A tenth of them, or of
the tracks, is missing; so are those of fewer than 60 pixels, that show less than a quarter of the
thing, or of which less than half is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import numpy as np
from raycast import Box
from raycast import Floor
from raycast import looking
from raycast import Sensor
from raycast import Sphere
from raycast import with_holes
from scipy import ndimage

from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import PoseSigma

LEAST_PIXELS, LEAST_SHARE, LEAST_READ = 60, 0.25, 0.5
_PERIOD = 400_000_000


@dataclass(frozen=True)
class Cylinder:
    """Upright: centre (3,), radius and height, metres."""

    center: tuple
    radius: float
    height: float

    def hit(self, origin, rays):
        o = origin - np.array(self.center)
        a = np.square(rays[..., :2]).sum(axis=-1)
        b = rays[..., :2] @ o[:2]
        inside = b * b - a * (o[:2] @ o[:2] - self.radius ** 2)
        root = np.sqrt(np.maximum(inside, 0))
        with np.errstate(divide='ignore', invalid='ignore'):
            foot, top = ((side * self.height / 2 - o[2]) / rays[..., 2] for side in (-1, 1))
            near = np.maximum((-b - root) / a, np.minimum(foot, top))
            far = np.minimum((-b + root) / a, np.maximum(foot, top))
        return np.where((inside > 0) & (near <= far) & (near > 0), near, np.inf)


@dataclass(frozen=True)
class MultiView:
    """Frames, and for each its masks (H, W) bool, the thing each shows, and the camera's own id.

    Ids are unique within one camera's frames, as a tracker gives them; None where nothing was
    tracked.
    """

    frames: list
    masks: list
    things: list
    ids: list | None

    def shuffled(self, rng):
        """The same in another order of frames, and of masks in each."""
        frames, masks, things, ids = [], [], [], []
        for f in rng.permutation(len(self.frames)):
            order = rng.permutation(len(self.masks[f]))
            frames.append(self.frames[f])
            masks.append([self.masks[f][k] for k in order])
            things.append([self.things[f][k] for k in order])
            ids.append(None if self.ids is None else [self.ids[f][k] for k in order])
        return replace(self, frames=frames, masks=masks, things=things,
                       ids=None if self.ids is None else ids)


def partition_of(numbers):
    """Masks by (frame's place, mask's place) as a set of sets, whatever their numbers are."""
    groups = {}
    for f, of_frame in enumerate(numbers):
        for k, number in enumerate(of_frame):
            groups.setdefault(number, set()).add((f, k))
    return {frozenset(group) for group in groups.values()}


def scene(seed, watched=None):
    """One random scene; see the module's docstring. `watched` or not, where it is told."""
    rng = np.random.default_rng([seed, 77])
    shapes, places = _things(rng)
    screens = [Box((*rng.uniform(-0.35, 0.35, 2), h / 2), (rng.uniform(0.05, 0.2), 0.02, h),
                   rng.uniform(0, np.pi))
               for h in rng.uniform(0.08, 0.25, rng.integers(0, 3))]
    pose_sigma = PoseSigma(rng.uniform(0.002, 0.005), rng.uniform(0.001, 0.003))
    count, several = int(rng.integers(2, 5)), bool(rng.random() < 0.5)
    watched = several if watched is None else watched
    steps = 3 if watched else 1
    widths = np.array([width for _, width in shapes])
    moves = _moves(places, widths, steps, rng) if watched else np.zeros_like(places)
    losing = np.random.default_rng([seed, 78])
    lost_share = losing.uniform(0.05, 0.3) if losing.random() < 0.5 else 0.0
    frames, masks, things, ids = [], [], [], []
    for c, eye in enumerate(_eyes(count, rng)):
        noise = DepthNoise(floor=rng.uniform(0.0005, 0.0015), quadratic=rng.uniform(0.001, 0.003))
        sensor = Sensor(rng, noise, rng.uniform(0.6, 1.4), rng.normal(0, noise.bias_share),
                        rng.uniform(0.1, 0.4), rng.uniform(0, 0.3))
        target = np.append(rng.uniform(-0.15, 0.15, 2), 0.04)
        numbering, lost = rng.permutation(20), rng.random((steps, len(places))) < 0.1
        lost = lost[:1].repeat(steps, axis=0)
        for step in range(steps):
            here = [make(place) for (make, _), place in zip(
                shapes, places + step * moves, strict=True)]
            pose = looking(eye, target, rng.normal(0, 0.05))
            stamp = (step if watched else c) * _PERIOD + int(rng.integers(0, 3_000_000))
            frame, seen, whole = _frame(len(frames), f'camera {c}' if watched else 'camera', stamp,
                                 [*here, *screens, Floor()], pose, pose_sigma, sensor, rng)
            frame = replace(frame, depth=with_holes(frame.depth, lost_share, (6, 24), losing))
            found = [(k, _inexact(seen == k, rng)) for k in range(len(here))
                     if not lost[step, k] and (seen == k).sum() >= max(
                         LEAST_PIXELS, LEAST_SHARE * whole[k])]
            found = [(k, mask) for k, mask in found
                     if np.isfinite(frame.depth[seen == k]).mean() >= LEAST_READ]
            frames.append(frame)
            masks.append([mask for _, mask in found])
            things.append([k for k, _ in found])
            ids.append([int(numbering[k]) for k, _ in found])
    return MultiView(frames, masks, things, ids if watched else None)


def _things(rng):
    """Shapes with their widths, and the places (N, 2) of their feet, none within another."""
    known = [_shape(rng) for _ in range(rng.integers(1, 4))]
    shapes, places = [known[0]], [rng.uniform(-0.08, 0.08, 2)]
    for _ in range(rng.integers(3, 8)):
        shape = known[rng.integers(len(known))]
        for _ in range(100):
            beside = rng.integers(len(places))
            apart = rng.uniform(1.15, 2.0) * (shape[1] + shapes[beside][1]) / 2
            place = places[beside] + apart * _direction(rng)
            if np.abs(place).max() < 0.5 and all(
                    np.linalg.norm(place - other) >= 1.15 * (shape[1] + width) / 2
                    for other, (_, width) in zip(places, shapes, strict=True)):
                shapes.append(shape)
                places.append(place)
                break
    return shapes, np.array(places)


def _direction(rng):
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


def _moves(places, widths, steps, rng):
    """How far (N, 2) each thing goes from one moment to the next; nothing runs into another."""
    moves = np.zeros_like(places)
    for k in rng.choice(len(places), rng.integers(0, 3), replace=False):
        for _ in range(30):
            moves[k] = rng.uniform(0.04, 0.15) * _direction(rng)
            later = places + np.arange(steps)[:, None, None] * moves
            apart = np.linalg.norm(later - later[:, k:k + 1], axis=2)
            apart[:, k] = np.inf
            if (apart >= 1.1 * (widths + widths[k]) / 2).all():
                break
        else:
            moves[k] = 0
    return moves


def _shape(rng):
    """How a thing is made at (x, y), and its width, metres."""
    kind = rng.integers(3)
    if kind == 0:
        size, yaw = rng.uniform(0.04, 0.12, 3), rng.uniform(0, np.pi)
        return (lambda place: Box((*place, size[2] / 2), tuple(size), yaw),
                float(np.hypot(*size[:2])))
    radius = rng.uniform(0.02, 0.05)
    if kind == 1:
        height = rng.uniform(0.04, 0.16)
        return lambda place: Cylinder((*place, height / 2), radius, height), 2 * radius
    return lambda place: Sphere((*place, radius), radius), 2 * radius


def _eyes(count, rng):
    start = rng.uniform(0, 2 * np.pi)
    for turn in start + np.linspace(0, rng.uniform(np.pi / 2, 2 * np.pi), count, endpoint=False):
        away, up = rng.uniform(0.6, 1.4), np.deg2rad(rng.uniform(15, 60))
        turn += rng.normal(0, 0.2)
        yield away * np.array([np.cos(turn) * np.cos(up), np.sin(turn) * np.cos(up), np.sin(up)])


def _frame(index, name, stamp, shapes, pose, pose_sigma, sensor, rng):
    matrix = np.array([[300.0, 0, 160], [0, 300.0, 120], [0, 0, 1]])
    camera = Camera(name, f'{name}_optical', 320, 240, matrix)
    depth, seen, whole = _rendered(shapes, pose, camera)
    z = sensor(depth)
    z[rng.random(z.shape) < rng.uniform(0.005, 0.05)] = np.nan
    for _ in range(rng.integers(0, 5)):
        v, u = rng.integers(0, 230), rng.integers(0, 310)
        z[v:v + rng.integers(3, 10), u:u + rng.integers(3, 10)] = np.nan
    told = pose.copy()
    told[:3, 3] += rng.normal(0, pose_sigma.translation, 3)
    x, y, w = rng.normal(0, pose_sigma.rotation, 3)
    told[:3, :3] = (np.eye(3) + np.array([[0, -w, y], [w, 0, -x], [-y, x, 0]])) @ pose[:3, :3]
    image = np.zeros((240, 320, 3), np.uint8)
    return Frame(index, stamp, camera, image, z, told, pose_sigma, noise=sensor.noise), seen, whole


def _rendered(shapes, pose, camera):
    """As `raycast.render`, each shape but the last, the floor, only where it may be seen."""
    x, y = np.meshgrid(camera.columns, camera.rows)
    rays = np.dstack([x, y, np.ones_like(x)]) @ pose[:3, :3].T
    depth = shapes[-1].hit(pose[:3, 3], rays)
    seen = np.where(np.isfinite(depth), len(shapes) - 1, -1)
    whole = np.zeros(len(shapes), int)
    for number, shape in enumerate(shapes[:-1]):
        local = (np.array(shape.center) - pose[:3, 3]) @ pose[:3, :3]
        if local[2] < -_reach(shape):
            continue
        z = max(local[2] - _reach(shape), 0.02)
        reach = 1.2 * _reach(shape) / z * camera.matrix[0, 0]
        u, v = local[:2] / max(local[2], z) * camera.matrix[0, 0] + camera.matrix[:2, 2]
        window = np.s_[max(int(v - reach), 0):max(int(v + reach), 0),
                       max(int(u - reach), 0):max(int(u + reach), 0)]
        hits = shape.hit(pose[:3, 3], rays[window])
        whole[number] = np.isfinite(hits).sum()
        nearer = hits < depth[window]
        depth[window][nearer], seen[window][nearer] = hits[nearer], number
    return depth, seen, whole


def _reach(shape):
    if isinstance(shape, Sphere):
        return shape.radius
    if isinstance(shape, Box):
        return np.linalg.norm(shape.size) / 2
    return np.hypot(shape.radius, shape.height / 2)


def _inexact(mask, rng):
    """`mask` a little too small or too large, by up to two pixels."""
    steps = int(rng.integers(-2, 3))
    if steps > 0:
        return ndimage.binary_dilation(mask, iterations=steps)
    small = ndimage.binary_erosion(mask, iterations=-steps) if steps else mask
    return small if small.sum() >= LEAST_PIXELS else mask
