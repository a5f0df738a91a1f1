"""What was told of the frames of one query, so that later calls agree with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
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
from spatialclaw_ros.perception.depth_anything.samples import some_of
from spatialclaw_ros.perception.depth_anything.scale import Scale
from spatialclaw_ros.perception.depth_anything.upsampling import depth_at_sensor
from spatialclaw_ros.perception.depth_anything.views import TYPICAL_DEPTH
from spatialclaw_ros.perception.image_key import image_key
from spatialclaw_ros.perception.weights.licences import Licence
from spatialclaw_ros.scene import Frame

_MOST_WORLDS = 3
#: Frames that are remembered in all; what was told of older ones may change a little. One of
#: 504×378 pixels takes 1.14 MB (depth float32, confidence float16: float16 is too coarse for
#: depth, in steps of 4 mm from 4 m on), so that all take 219 MB at most.
_MOST_TOLD = 192
#: Frames of a world that later ones may be joined by, and cameras that they are placed from.
_KEPT_LINKS, _KEPT_BASES = 8, 8
#: A scale whose one sigma is a larger share of it is a poor one.
_POOR = 0.05


@dataclass(frozen=True, eq=False)
class Told:
    """One frame as it was told: `place` where its own pose is not known.

    `view` is in the gauge of its world, whose scale is known for this frame as `common` says;
    `scale` is the frame's own. `is_base`: others are placed from it.
    """

    view: NetworkView
    common: Scale
    scale: FrameScale
    place: CameraPlace | None
    is_base: bool = False

    def geometry(self, frame: Frame, bars: ErrorBars) -> FrameGeometry:
        """In metres on the sensor's pixels."""
        resizing = self.view.resizing
        predicted = depth_at_sensor(self.view.depth, resizing, frame.image)
        depth = self.scale.metres(predicted)
        confidence = resizing.map_back(self.view.confidence.astype(np.float32))
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

    `gravity` says whence `up` is. `links` are frames of the first call, by which later ones are
    joined to it; `bases` the cameras that those without a pose are placed from, by key.
    `is_posed`: some frame's pose is known.
    """

    scale: Scale
    bars: ErrorBars
    up: np.ndarray | None
    gravity: str
    checkpoint: str
    licence: Licence
    is_posed: bool
    links: dict[bytes, Frame]
    bases: dict[bytes, CameraPlace]
    told: dict[bytes, Told] = field(default_factory=dict)

    @property
    def is_poor(self) -> bool:
        """Whether its scale is known so badly that other frames may well tell it better."""
        return self.scale.sigma > _POOR

    def depth(self) -> float:
        """Metres at which its surfaces usually are."""
        depths = np.concatenate([self.told[key].view.depth[::8, ::8].ravel() for key in self.links])
        known = depths[np.isfinite(depths)]
        return float(np.median(known)) * self.scale.value if len(known) else TYPICAL_DEPTH

    def tell(self, key: bytes, told: Told) -> None:
        """Remember what was `told` of the frame with `key`."""
        view = replace(told.view, confidence=told.view.confidence.astype(np.float16))
        self.told[key] = replace(told, view=view, is_base=key in self.bases)

    def forget(self, count: int) -> None:
        """Forget the `count` oldest frames, but none that others are joined or placed by."""
        kept = self.links.keys() | set(some_of(list(self.bases), _KEPT_BASES))
        for key in [key for key in self.told if key not in kept][:count]:
            del self.told[key]
            self.bases.pop(key, None)


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

    def forget(self) -> None:
        """Forget the oldest of very many frames, of the worlds used longest ago first."""
        for _, world in self._held:
            surplus = sum(len(held.told) for _, held in self._held) - _MOST_TOLD
            world.forget(max(surplus, 0))


def world_name(frames: Sequence[Frame], keys: dict[int, bytes]) -> bytes | None:
    """What names the world of `frames`, some without a pose; None where all have one."""
    if all(frame.camera_to_world is not None for frame in frames):
        return None
    digest = hashlib.blake2b(digest_size=16)
    for frame in frames:
        digest.update(keys[frame.index])
    return digest.digest()


def links_of(frames: Sequence[Frame], keys: dict[int, bytes]) -> dict[bytes, Frame]:
    """Some of `frames`, evenly taken, by which later ones may be joined, by key."""
    return {keys[frame.index]: frame for frame in some_of(frames, _KEPT_LINKS)}


def key_of(frame: Frame) -> bytes:
    """Equal for frames of equal content: image, depth, pose and camera."""
    digest = hashlib.blake2b(image_key(frame.image), digest_size=16)
    digest.update(b'' if frame.depth is None else image_key(frame.depth))
    for values in (frame.camera_to_world, frame.camera.matrix, frame.camera.distortion):
        digest.update(b'none' if values is None else np.asarray(values, float).tobytes())
    return digest.digest()
