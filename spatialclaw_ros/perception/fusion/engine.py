"""The engine 'fused': sensor depth where it is good, a network's where the sensor has holes."""

from __future__ import annotations

from collections.abc import Sequence
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
        """Geometry of the asked frames, in their order; scale and poses are the sensors'.

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
        prediction = self._network.predict(frames, cancelled)
        believed = [np.where(confidence >= _LEAST_CONFIDENCE, depth, np.nan) for depth, confidence
                    in zip(prediction.depth, prediction.confidence, strict=True)]
        aligned = alignments(
            frames, believed, is_related=prediction.camera_to_world is not None,
            is_metric=prediction.is_metric)
        geometries = []
        for frame, depth, confidence, alignment in zip(
                frames, believed, prediction.confidence, aligned, strict=True):
            if cancelled():
                raise CallCancelled
            geometries.append(unfilled(frame) if alignment is None else fused(
                frame, depth, confidence, alignment))
        upright = _upright(call, frames, geometries)
        self._seconds = (time.monotonic() - start) / len(frames)
        return Reconstructed(
            tuple(geometries), 1.0,
            _source(prediction, frames, geometries, aligned, upright), upright.up)

    def state(self) -> EngineState:
        """How it stands: as its network does, with the time of its own last call."""
        return replace(self._network.state(), name=FUSED, seconds=self._seconds)


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


def _source(prediction: Prediction, frames: Sequence[Frame], geometries: Sequence[FrameGeometry],
            aligned: Sequence[Alignment | None], upright: Upright) -> str:
    """How much was filled and how, and what else holds, in words."""
    sources = np.concatenate([np.asarray(one.source_map).ravel() for one in geometries])
    read = np.concatenate([sensed(frame).read.ravel() for frame in frames])
    words = [f'{FUSED} (depth camera and {prediction.checkpoint}): '
             f'{100 * (sources == NETWORK).mean():.1f} % of the pixels filled from the network']
    for how in dict.fromkeys(one.how for one in aligned if one is not None):
        those = [f.index for f, one in zip(frames, aligned, strict=True) if one and one.how == how]
        words.append(how + (f' (frames {numbered(those)})' if len(those) < len(frames) else ''))
    left = [f.index for f, one in zip(frames, aligned, strict=True) if one is None]
    if left:
        words.append(f'holes of frames {numbered(left)} left unknown: too few readings, or none '
                     'that fit the network, to align it')
    dropped = float((read & (sources != SENSOR)).mean())
    if dropped:
        words.append(f'{100 * dropped:.3g} % were readings found wrong')
    unknown = float((sources == UNKNOWN).mean())
    if unknown:
        words.append(f'{100 * unknown:.3g} % stay unknown')
    words.append('scale and poses as measured by the sensors')
    words.append(upright.how)
    if prediction.licence.restriction:
        words.append(f'the {prediction.licence.restriction}')
    return '; '.join(words)
