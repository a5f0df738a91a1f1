"""What was told of the frames of one query, so that later calls agree with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import hashlib

import numpy as np

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import NETWORK
from spatialclaw_ros.calls.requests import UNKNOWN
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.perception.depth_anything.error_bars import ErrorBars
from spatialclaw_ros.perception.depth_anything.error_bars import FrameScale
from spatialclaw_ros.perception.depth_anything.placing import CameraPlace
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView
from spatialclaw_ros.perception.depth_anything.scale import Scale
from spatialclaw_ros.perception.depth_anything.upsampling import depth_at_sensor
from spatialclaw_ros.perception.image_key import image_key
from spatialclaw_ros.scene import Frame

_MOST_WORLDS = 3
#: Frames of a world that are remembered; what was told of older ones may change a little.
_MOST_TOLD = 256
#: A scale whose one sigma is a larger share of it is a poor one.
_POOR = 0.05


@dataclass(frozen=True, eq=False)
class Told:
    """One frame as it was told: `place` where its own pose is not known."""

    view: NetworkView
    scale: FrameScale
    place: CameraPlace | None

    def geometry(self, frame: Frame, bars: ErrorBars) -> FrameGeometry:
        """In metres on the sensor's pixels."""
        resizing = self.view.resizing
        predicted = depth_at_sensor(self.view.depth, resizing, frame.image)
        depth = self.scale.metres(predicted)
        confidence = resizing.map_back(self.view.confidence)
        known = np.isfinite(depth)
        middle = float(np.median(depth[known])) if known.any() else 1.0
        share = float(np.interp(1.0, bars.confidence, bars.share))
        noise = DepthNoise(share * middle / 2, share / (2 * middle), self.scale.sigma,
                           frame.noise.focal_share)
        beyond = self.scale.beyond(predicted)
        return FrameGeometry(
            frame.index, depth, noise,
            np.hypot(bars.sigma(confidence, depth), beyond * depth),
            np.where(known, bars.probability(confidence), np.float32(0)),
            camera_to_world=None if self.place is None else self.place.camera_to_world,
            pose_sigma=None if self.place is None else self.place.sigma,
            bias=np.hypot(np.float32(bars.shared), beyond),
            source_map=np.where(known, NETWORK, UNKNOWN).astype(np.uint8))


@dataclass(eq=False)
class World:
    """One world: its scale, error bars and gravity as first told, and the frames told since.

    `links` are frames of the first call, by which later ones are joined to it; `bases` the
    cameras that those without a pose are placed from, by key.
    """

    scale: Scale
    bars: ErrorBars
    up: np.ndarray | None
    source: str
    links: dict[bytes, Frame]
    bases: dict[bytes, CameraPlace]
    told: dict[bytes, Told] = field(default_factory=dict)

    @property
    def is_poor(self) -> bool:
        """Whether its scale is known so badly that other frames may well tell it better."""
        return self.scale.sigma > _POOR

    def forget(self) -> None:
        """Forget the oldest of very many frames, but none that others are joined or placed by."""
        kept = self.links.keys() | self.bases.keys()
        old = [key for key in self.told if key not in kept]
        for key in old[:max(len(self.told) - _MOST_TOLD, 0)]:
            del self.told[key]


class Worlds:
    """The last few worlds."""

    def __init__(self) -> None:
        """Hold none."""
        self._held: list[tuple[bytes | None, World]] = []

    def of(self, frames: Sequence[Frame], keys: dict[int, bytes]) -> World | None:
        """The world that `frames`, with `keys` by frame number, were told in, if any.

        Frames without poses are of one world only with all others of their query; frames with
        poses are where one of them was told last.
        """
        wanted = world_name(frames, keys)
        for name, world in reversed(self._held):
            if name == wanted if wanted else not world.told.keys().isdisjoint(keys.values()):
                return world
        return None

    def keep(self, frames: Sequence[Frame], keys: dict[int, bytes], world: World) -> None:
        """Hold `world`, in which `frames` are told, as the last one used."""
        others = [(name, held) for name, held in self._held if held is not world]
        self._held = [*others[1 - _MOST_WORLDS:], (world_name(frames, keys), world)]


def world_name(frames: Sequence[Frame], keys: dict[int, bytes]) -> bytes | None:
    """What names the world of `frames`, some without a pose; None where all have one."""
    if all(frame.camera_to_world is not None for frame in frames):
        return None
    digest = hashlib.blake2b(digest_size=16)
    for frame in frames:
        digest.update(keys[frame.index])
    return digest.digest()


def key_of(frame: Frame) -> bytes:
    """Equal for frames of equal content: image, depth, pose and camera."""
    digest = hashlib.blake2b(image_key(frame.image), digest_size=16)
    digest.update(b'' if frame.depth is None else image_key(frame.depth))
    for values in (frame.camera_to_world, frame.camera.matrix, frame.camera.distortion):
        digest.update(b'none' if values is None else np.asarray(values, float).tobytes())
    return digest.digest()
