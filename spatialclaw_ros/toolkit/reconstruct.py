"""tools.Reconstruct: depth and pose of frames, in one world for the whole query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spatialclaw_ros.calls.requests import Reconstruct as ReconstructRequest
from spatialclaw_ros.findings.build import whole_view
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.surface import View
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.toolkit.arguments import frame_image
from spatialclaw_ros.toolkit.arguments import is_list
from spatialclaw_ros.toolkit.arguments import subsampled
from spatialclaw_ros.toolkit.frame_geometry import FrameSurface
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.link import Link
from spatialclaw_ros.toolkit.reconstruction import Reconstruction
from spatialclaw_ros.toolkit.viewpoints import camera_view

MAX_FRAMES = 64


@guided
class ReconstructTool:
    """`tools.Reconstruct.Reconstruct(frames=None)`: at most 64 frames a call, one world for all."""

    MAX_FRAMES = MAX_FRAMES

    def __init__(self, link: Link, window: FrameWindow) -> None:
        """Ask the host through `link` about the frames of `window`."""
        self._link, self._window = link, window
        self._known: dict[int, FrameSurface] = {}
        self._metric_scale, self._source = 1.0, ''
        self._found_up: np.ndarray | None = None

    @property
    def up(self) -> np.ndarray | None:
        """(3,) unit vector against gravity, world; where the frames came with none, as found."""
        up = self._found_up if self._window.up is None else self._window.up
        return None if up is None else np.array(up)

    def Reconstruct(self, frames: Any = None,  # noqa: N802
                    frame_indices: Sequence[int] | None = None) -> Reconstruction:
        """Depth, points and poses of `frames` (one image or a list; None: all input frames).

        `frame_indices` are absolute frame numbers, in place of images. More than 64 are
        subsampled, first and last kept. Raises NoFrames without any frame, KeyError for a frame
        number that is not in the input (it names the nearest).
        """
        wanted = frames if frames is not None else frame_indices
        if wanted is None:
            wanted = [frame.index for frame in self._window.frames]
        images = [frame_image(one, self._window) for one in (
            wanted if is_list(wanted) or hasattr(wanted, 'tolist') else [wanted])]
        numbers = list(dict.fromkeys(image.frame_index for image in images))
        if not numbers:
            raise NoFrames('there is no frame to reconstruct'
                           + ('' if self._window.frames else ': this query has no images'))
        numbers = subsampled(numbers, MAX_FRAMES, 'Reconstruct')
        self._fetch([number for number in numbers if number not in self._known])
        return Reconstruction(self._window, {number: self._known[number] for number in numbers},
                              self._metric_scale, self._source, self.up)

    __call__ = Reconstruct

    def view(self, number: int) -> View:
        """The view of a frame, with the errors of what has been reconstructed of it."""
        frame, known = self._window.at(number), self._known.get(number)
        geometry: Any = None if known is None else known.geometry
        return camera_view(frame) if geometry is None else whole_view(frame, geometry)

    def _fetch(self, numbers: list[int]) -> None:
        if not numbers:
            return
        reply = self._link.ask(ReconstructRequest(tuple(numbers)))
        self._metric_scale, self._source = reply.metric_scale, reply.source
        self._found_up = self._found_up if reply.up is None else reply.up
        for geometry in reply.frames:
            self._known[geometry.frame] = FrameSurface(
                self._window.at(geometry.frame), geometry)

    def __repr__(self) -> str:
        return f'tools.Reconstruct: .Reconstruct(frames=None), at most {MAX_FRAMES} frames a call'
