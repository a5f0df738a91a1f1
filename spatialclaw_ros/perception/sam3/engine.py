"""The SAM 3 engine: its network loaded at the first call and kept."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Load
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.perception.device import device_of
from spatialclaw_ros.perception.device import memory_told
from spatialclaw_ros.perception.device import precision_of
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.sam3.prompts import asked_of
from spatialclaw_ros.perception.weights.checkpoints import licence_of
from spatialclaw_ros.perception.weights.checkpoints import located

if TYPE_CHECKING:
    from spatialclaw_ros.perception.sam3.network import Network


class Sam3:
    """Masks of what a text names, or of what boxes and points on a frame mean.

    A text finds every instance that scores above the request's threshold. With a prompt frame
    the frames of each camera are a window of their own, in which objects are followed from the
    frame nearest to it, forwards and backwards; without one every frame stands alone. A prompt
    that means the same as the name of a region of these frames is that region: its box, points or
    mask, not the text.

    What a text finds scores what the detector gives it in that frame, or gave it when it last
    saw it, and no more than the probability that it is seen where it is followed.

    A box or points mean one object, in the frames of the prompt frame's camera; its score is the
    overlap that the network expects, times the probability that it is seen where it is followed.
    """

    def __init__(self, settings: EngineSettings) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._network: Network | None = None
        self._problem = ''
        self._seconds = math.nan

    def load(self) -> None:
        """Load the network; raises Unanswerable where weights, device or memory are missing."""
        self._loaded()

    def answer(self, call: EngineCall, cancelled: Cancelled) -> Segmented:
        """Answer a Segment request.

        Raises ValueError for a prompt or frame that cannot be meant, NoFrames, NotVisible where
        the frames show nothing, Unanswerable where weights, device or memory are missing, and
        CallCancelled.
        """
        request = call.request
        if isinstance(request, (Reconstruct, Load)):
            raise ValueError(f'engine {SAM3!r} segments images, {type(request).__name__} is no '
                             'question to it')
        asked = asked_of(call, request)
        network = self._loaded()
        import torch

        from spatialclaw_ros.perception.sam3.answering import reply_to
        began = time.monotonic()
        with memory_told(SAM3, network.device), torch.inference_mode():
            reply = reply_to(request, asked, network, cancelled)
        self._seconds = (time.monotonic() - began) / len(asked.frames)
        return reply

    def state(self) -> EngineState:
        """How it stands; `problem` is why it could not be loaded, when it was tried."""
        name = self._settings.sam3
        return EngineState(SAM3, name, str(licence_of(name)), self._network is not None,
                           self._problem, self._seconds)

    def _loaded(self) -> Network:
        if self._network is None:
            try:
                self._network = self._load()
            except SpatialError as error:
                self._problem = str(error)
                raise
            self._problem = ''
        return self._network

    def _load(self) -> Network:
        folder = located(self._settings.sam3, engine=SAM3, offline=self._settings.offline)
        device = device_of(self._settings)

        from spatialclaw_ros.perception.sam3.checkpoint import load
        from spatialclaw_ros.perception.sam3.network import Network
        with memory_told(SAM3, device):
            return Network(load(folder, device, precision_of(self._settings, device)))
