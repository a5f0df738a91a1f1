"""The engine 'fused': sensor depth where it is good, a network's where the sensor has holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import math
import time
from typing import Protocol

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import NETWORK
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.calls.requests import SENSOR
from spatialclaw_ros.calls.requests import UNKNOWN
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.geometry.backproject import frame_points
from spatialclaw_ros.geometry.gravity import fit_floor
from spatialclaw_ros.perception.content import blank_told
from spatialclaw_ros.perception.depth_anything.asked import asked_of
from spatialclaw_ros.perception.depth_anything.asked import newest_of
from spatialclaw_ros.perception.depth_anything.prediction import Prediction
from spatialclaw_ros.perception.depth_anything.upright import by_floor
from spatialclaw_ros.perception.depth_anything.upright import LOOSEST
from spatialclaw_ros.perception.depth_anything.upright import NO_FLOOR
from spatialclaw_ros.perception.depth_anything.upright import Upright
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import FUSED
from spatialclaw_ros.perception.fusion.aligning import Alignment
from spatialclaw_ros.perception.fusion.aligning import alignments
from spatialclaw_ros.perception.fusion.fuse import fused
from spatialclaw_ros.perception.fusion.fuse import sensed
from spatialclaw_ros.perception.fusion.fuse import unfilled
from spatialclaw_ros.perception.weights.licences import Licence
from spatialclaw_ros.scene import Frame

#: What a network says with less confidence is not believed, such as of an image without content.
_LEAST_CONFIDENCE = 0.1
#: Every so many pixels, along both axes, one tells where the floor is.
_STRIDE = 4


class Network(Protocol):
    """What says depth from colour; see `DepthAnything`."""

    def load(self) -> None:
        """Load its weights."""

    def predict(self, frames: Sequence[Frame], cancelled: Cancelled) -> Prediction:
        """Depth up to scale of `frames`."""

    def state(self) -> EngineState:
        """How it stands, without loading anything."""


@dataclass(frozen=True, eq=False)
class _Look:
    """What the network of `checkpoint` says of a frame: `depth` and `confidence` (H, W).

    Without an `alignment` it fills nothing.
    """

    frame: Frame
    depth: np.ndarray
    confidence: np.ndarray
    alignment: Alignment | None
    checkpoint: str
    licence: Licence

    def geometry(self) -> FrameGeometry:
        return unfilled(self.frame) if self.alignment is None else fused(
            self.frame, self.depth, self.confidence, self.alignment)


class Fused:
    """Fills the holes of sensor depth from a network's, aligned by region to the sensor."""

    def __init__(self, network: Network) -> None:
        """Ask `network`; load nothing yet."""
        self._network = network
        self._seconds = math.nan

    def load(self) -> None:
        """Load the network's weights."""
        self._network.load()

    def answer(self, call: EngineCall, cancelled: Cancelled) -> Reconstructed:
        """Geometry of the asked frames, in their order; poses are the sensors'.

        A frame whose readings do not align the network keeps its holes, and the source says so.
        Raises NoFrames, ValueError for what is no pose, Unanswerable for frames without depth and
        where the network cannot run.
        """
        start = time.monotonic()
        frames = asked_of(call, FUSED)
        without = [frame for frame in frames if frame.depth is None]
        if without:
            cameras = sorted({repr(frame.camera.name) for frame in without})
            raise Unanswerable(
                f'engine {FUSED!r}: frames {numbered(frame.index for frame in without)} of camera '
                f'{", ".join(cameras)} have no depth to fuse with; take {DEPTH_ANYTHING!r} for '
                'these, or set the depth topic of the camera (registered to its colour image)')
        looks = self._looked(frames, cancelled)
        if len(looks) > 1:  # the network of single frames may fit where that of several does not
            looks = [look if look.alignment else self._alone(look, cancelled) for look in looks]
        geometries = []
        for look in looks:
            if cancelled():
                raise CallCancelled
            geometries.append(look.geometry())
        upright = _upright(call, frames, geometries)
        self._seconds = (time.monotonic() - start) / len(frames)
        return Reconstructed(
            tuple(geometries), 1.0, _source(looks, geometries, upright), upright.up)

    def state(self) -> EngineState:
        """How it stands: as its network does, with the time of its own last call."""
        return replace(self._network.state(), name=FUSED, seconds=self._seconds)

    def _looked(self, frames: Sequence[Frame], cancelled: Cancelled) -> list[_Look]:
        prediction = self._network.predict(frames, cancelled)
        believed = [np.where(confidence >= _LEAST_CONFIDENCE, depth, np.nan) for depth, confidence
                    in zip(prediction.depth, prediction.confidence, strict=True)]
        aligned = alignments(
            frames, believed, is_related=prediction.camera_to_world is not None,
            is_metric=prediction.is_metric)
        return [_Look(*look, prediction.checkpoint, prediction.licence) for look in zip(
            frames, believed, prediction.confidence, aligned, strict=True)]

    def _alone(self, look: _Look, cancelled: Cancelled) -> _Look:
        """The same frame looked at by itself; the look as it is where that cannot be."""
        try:
            return self._looked([look.frame], cancelled)[0]
        except Unanswerable:
            return look


def _upright(call: EngineCall, frames: Sequence[Frame], geometries: Sequence[FrameGeometry]
             ) -> Upright:
    """Up from the floor that the newest frame shows, where all are in one world without it.

    From what was measured where that shows one, else from all.
    """
    if call.up is not None:
        return Upright(None, 'gravity as given with the frames')
    newest = newest_of(frames)
    if len(call.frames) > 1 and any(frame.camera_to_world is None for frame in call.frames):
        return Upright(None, 'gravity unknown: the frames have no common world')
    geometry = geometries[frames.index(newest)]
    places = np.s_[::_STRIDE, ::_STRIDE]
    points = frame_points(geometry.depth, newest.camera)[places].astype(float)
    measured = points[np.asarray(geometry.source_map)[places] == SENSOR]
    floor = fit_floor(measured, np.zeros(3)) or fit_floor(points, np.zeros(3))
    if floor is None or floor.sigma > LOOSEST:
        return Upright(None, NO_FLOOR)
    pose = newest.camera_to_world
    up = floor.up if pose is None else pose[:3, :3] @ floor.up
    return by_floor(up, floor.sigma, is_lowest=floor.is_lowest)


def _source(looks: Sequence[_Look], geometries: Sequence[FrameGeometry], upright: Upright) -> str:
    """How much was filled and how, and what else holds, in words."""
    sources = np.concatenate([np.asarray(one.source_map).ravel() for one in geometries])
    read = np.concatenate([sensed(look.frame).read.ravel() for look in looks])
    checkpoints = dict.fromkeys(look.checkpoint for look in looks)
    words = [f'{FUSED} (depth camera and {", ".join(checkpoints)}): '
             f'{100 * (sources == NETWORK).mean():.1f} % of the pixels filled from the network']
    for how in dict.fromkeys(look.alignment.how for look in looks if look.alignment):
        those = [look.frame.index for look in looks if look.alignment and look.alignment.how == how]
        words.append(how + (f' (frames {numbered(those)})' if len(those) < len(looks) else ''))
    left = [look.frame.index for look in looks if look.alignment is None]
    if left:
        words.append(f'holes of frames {numbered(left)} left unknown: too few readings, or none '
                     'that fit the network, to align it')
    dropped = float((read & (sources != SENSOR)).mean())
    if dropped:
        words.append(f'{100 * dropped:.3g} % were readings found wrong')
    unknown = float((sources == UNKNOWN).mean())
    if unknown:
        words.append(f'{100 * unknown:.3g} % stay unknown')
    words += filter(None, [blank_told([look.frame for look in looks])])
    words.append('poses as measured by the sensors')
    words.append(upright.how)
    words += dict.fromkeys(f'the {look.licence.restriction}' for look in looks
                           if look.licence.restriction)
    return '; '.join(words)
