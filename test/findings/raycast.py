"""A small analytic renderer: boxes, spheres and a floor, seen by a pinhole camera, with truth."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.findings.build import ViewPart
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import PoseSigma

UP = np.array([0., 0, 1])
CAMERA = Camera('cam', 'cam_optical', 320, 240,
                np.array([[300., 0, 160], [0, 300., 120], [0, 0, 1]]))
EXACT_POSE = PoseSigma()


@dataclass(frozen=True)
class Box:
    center: tuple
    size: tuple
    yaw: float = 0.0

    def hit(self, origin, rays):
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        o = turn @ (origin - np.array(self.center))
        d = rays @ turn.T
        half = np.array(self.size) / 2
        with np.errstate(divide='ignore', invalid='ignore'):
            t1, t2 = (-half - o) / d, (half - o) / d
        near = np.minimum(t1, t2).max(axis=-1)
        far = np.maximum(t1, t2).min(axis=-1)
        return np.where((near <= far) & (near > 0), near, np.inf)


@dataclass(frozen=True)
class Sphere:
    center: tuple
    radius: float

    def hit(self, origin, rays):
        o = origin - np.array(self.center)
        a = (rays * rays).sum(axis=-1)
        b = rays @ o
        disc = b * b - a * (o @ o - self.radius ** 2)
        t = (-b - np.sqrt(np.maximum(disc, 0))) / a
        return np.where((disc > 0) & (t > 0), t, np.inf)


@dataclass(frozen=True)
class Floor:
    height: float = 0.0

    def hit(self, origin, rays):
        with np.errstate(divide='ignore'):
            t = (self.height - origin[2]) / rays[..., 2]
        return np.where(t > 0, t, np.inf)


def looking(eye, at, roll=0.0):
    """Camera-to-world, optical axes, of a camera at `eye` that looks at `at`, upright."""
    eye, at = np.asarray(eye, float), np.asarray(at, float)
    z = (at - eye) / np.linalg.norm(at - eye)
    x = np.cross(z, UP)
    x /= np.linalg.norm(x)
    y = np.cross(z, x)
    x, y = np.cos(roll) * x + np.sin(roll) * y, np.cos(roll) * y - np.sin(roll) * x
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.column_stack([x, y, z]), eye
    return pose


def render(shapes, pose, camera=CAMERA):
    """Exact depth (H, W) m and the index of the shape seen (H, W), -1 for none."""
    x, y = np.meshgrid(camera.columns, camera.rows)
    rays = np.dstack([x, y, np.ones_like(x)]) @ pose[:3, :3].T
    hits = np.array([shape.hit(pose[:3, 3], rays) for shape in shapes])
    depth = hits.min(axis=0)
    return depth, np.where(np.isfinite(depth), hits.argmin(axis=0), -1)


def fine(camera, times):
    """The same camera with `times` as many pixels, covering the same pixel areas."""
    m = camera.matrix.copy()
    m[:2] *= times
    m[:2, 2] += (times - 1) / 2
    return Camera(camera.name, camera.frame_id, camera.width * times, camera.height * times, m)


def visible_points(shapes, index, pose, camera=CAMERA, times=4):
    """World points (N, 3) of what is seen of a shape, without noise, sampled finely."""
    camera = fine(camera, times)
    depth, seen = render(shapes, pose, camera)
    v, u = np.nonzero(seen == index)
    z = depth[v, u]
    local = np.column_stack([camera.columns[u] * z, camera.rows[v] * z, z])
    return local @ pose[:3, :3].T + pose[:3, 3]


@dataclass
class Sensor:
    """What really happens to depth; the estimator is told only `noise` and `pose_sigma`."""

    rng: np.random.Generator
    noise: DepthNoise = DepthNoise()
    noise_factor: float = 1.0
    bias: float = 0.0
    edge_dropout: float = 0.0
    flying: float = 0.0

    def __call__(self, depth):
        z = depth * (1 + self.bias)
        z = z + self.noise_factor * self.noise.sigma(depth) * self.rng.standard_normal(depth.shape)
        padded = np.pad(depth, 1, mode='edge')
        shifts = [padded[1 + dv:1 + dv + depth.shape[0], 1 + du:1 + du + depth.shape[1]]
                  for dv, du in ((0, 1), (0, -1), (1, 0), (-1, 0))]
        with np.errstate(invalid='ignore'):
            farthest = np.max(shifts, axis=0)
            edge = (farthest - depth > 0.05)
            mix = depth + self.rng.random(depth.shape) * (np.minimum(farthest, 9) - depth)
        draw = self.rng.random(depth.shape)
        z = np.where(edge & (draw < self.flying), mix, z)
        z = np.where(edge & (draw > 1 - self.edge_dropout), np.nan, z)
        return np.where(np.isfinite(z), z, np.nan).astype(np.float32)


def frame_of(shapes, pose, sensor=None, index=0, known_pose=True, told_pose=None, stamp=0,
             pose_sigma=EXACT_POSE, camera=CAMERA):
    """A frame with the sensor's depth, and the index of the shape each pixel sees."""
    depth, seen = render(shapes, pose, camera)
    if sensor is None:
        z = np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)
    else:
        z = sensor(depth)
    noise = sensor.noise if sensor is not None else DepthNoise()
    told = (pose if told_pose is None else told_pose) if known_pose else None
    frame = Frame(index, stamp, camera, np.zeros((camera.height, camera.width, 3), np.uint8), z,
                  told, pose_sigma, noise=noise)
    return frame, seen


def with_holes(depth, share, sizes, rng):
    """`depth` (H, W) without the readings of about `share` of it, in square holes.

    `sizes` are the least and the largest side of a hole, pixels.
    """
    depth, lost = depth.copy(), 0.0
    height, width = depth.shape
    while lost < -np.log(1 - share) * height * width:
        size = int(rng.integers(sizes[0], sizes[1] + 1))
        v, u = rng.integers(1 - size, height), rng.integers(1 - size, width)
        depth[max(v, 0):v + size, max(u, 0):u + size] = np.nan
        lost += size ** 2
    return depth


def part_of(frame, mask, alternatives=()):
    """A ViewPart whose mask is cropped to its own bounds."""
    v, u = np.nonzero(mask)
    window = (slice(v.min(), v.max() + 1), slice(u.min(), u.max() + 1))
    crop = mask[window]
    others = np.array([other[window] for other in alternatives], np.uint8)
    geometry = SimpleNamespace(depth=frame.depth, noise=frame.noise, sigma=None, bias=None,
                               matrix=None, camera_to_world=None, pose_sigma=None)
    cut = SimpleNamespace(origin=(int(u.min()), int(v.min())), mask=crop.astype(np.uint8),
                          alternatives=others.reshape(-1, *crop.shape), score=1.0)
    return ViewPart(frame, geometry, cut)


def object_in(frames, index, name='thing', up=UP):
    """Object3D of shape `index` in (frame, seen) pairs."""
    parts = [part_of(frame, seen == index) for frame, seen in frames if (seen == index).any()]
    return build_object(name, parts, up)
