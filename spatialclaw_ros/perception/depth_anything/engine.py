"""The engine 'depth_anything_3': depth and poses from colour alone, in metres."""

from __future__ import annotations

from collections.abc import Sequence
import math
import time

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.perception.depth_anything.prediction import Prediction
from spatialclaw_ros.perception.depth_anything.predictor import Predictor
from spatialclaw_ros.perception.depth_anything.reconstructing import Reconstructor
from spatialclaw_ros.perception.depth_anything.upsampling import depth_at_sensor
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.weights.checkpoints import licence_of
from spatialclaw_ros.scene import Frame


class DepthAnything:
    """Depth Anything 3 with alignment of our own; see `Reconstructor.answer`."""

    def __init__(self, settings: EngineSettings) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._predictor = Predictor(settings)
        self._reconstructor = Reconstructor(self._predictor)
        self._seconds = math.nan

    def load(self) -> None:
        """Load the networks for one frame and for several; raises Unanswerable."""
        self._predictor.load()

    def answer(self, call: EngineCall, cancelled: Cancelled) -> Reconstructed:
        """Answer a Reconstruct call; raises what `Reconstructor.answer` does."""
        start, passes = time.monotonic(), self._predictor.passes
        reply = self._reconstructor.answer(call, cancelled)
        if self._predictor.passes > passes:  # else all was told before
            self._seconds = (time.monotonic() - start) / len(reply.frames)
        return reply

    def predict(self, frames: Sequence[Frame], cancelled: Cancelled) -> Prediction:
        """The network's own depth, confidence, poses and intrinsics of `frames`, not aligned.

        Raises NoFrames without any, Unanswerable where the network cannot run.
        """
        if not frames:
            raise NoFrames(f'engine {DEPTH_ANYTHING!r}: no frame to look at')
        gauge = self._predictor.gauge(frames, cancelled)
        poses = [view.camera_to_world for view in gauge.views]
        known = [pose for pose in poses if pose is not None]
        return Prediction(
            [depth_at_sensor(view.depth, view.resizing, frame.image)
             for view, frame in zip(gauge.views, frames, strict=True)],
            [view.resizing.map_back(view.confidence) for view in gauge.views],
            np.stack(known) if len(known) == len(poses) else None,
            gauge.is_metric, gauge.checkpoint, gauge.licence)

    def state(self) -> EngineState:
        """How it stands; `problem` is why a checkpoint could not be loaded, when it was tried."""
        names = dict.fromkeys((self._settings.depth_anything,
                               self._settings.depth_anything_metric))
        return EngineState(
            DEPTH_ANYTHING, ', '.join(names), ', '.join(str(licence_of(name)) for name in names),
            self._predictor.is_loaded, self._predictor.problem, self._seconds)
