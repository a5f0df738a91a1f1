"""A frame's prediction and measurement at the same places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
import math
from typing import TypeVar

import numpy as np

from spatialclaw_ros.geometry.alignment import DepthFit
from spatialclaw_ros.geometry.alignment import fit_depth
from spatialclaw_ros.perception.depth_anything.confidence import AT_STEP
from spatialclaw_ros.perception.depth_anything.confidence import steps
from spatialclaw_ros.perception.depth_anything.confidence import WITHOUT_CONTENT
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView
from spatialclaw_ros.scene import Frame

T = TypeVar('T')

_MOST = 6000
#: Where less than this share is rated high, the network is unsure of the scene as a whole.
_LEAST_SURE = 0.2
#: A fit that explains a smaller share of the readings is of something else.
_LEAST_EXPLAINED = 0.4
#: So many parts of an image err independently, and one sigma of one, as a share of depth: a
#: prior of ours.
INDEPENDENT, OF_PART = 16, 0.03
#: Beyond so many joint sigmas two scales contradict each other.
CONTRADICTION = 3.0
#: An image is parted into so many parts along each side; readings in fewer of all of them say
#: nothing of it, and those in fewer than the second cover little of it.
_ACROSS, _LEAST_READ, _WIDELY_READ = 8, 3, 16


@dataclass(frozen=True, eq=False)
class Samples:
    """N places of a frame, evenly spread, at the centres of network pixels.

    `pixels` (N, 2) are the sensor's; `rays` (N, 2) are x/z and y/z of the frame's camera;
    `predicted` (N,) is the network's depth, NaN where unknown, `confidence` (N,) its own;
    `measured` (N,) metres and its one-sigma `noise` (N,) metres are the sensor's, NaN where there
    is none. `sure` (N,) bool tells where the prediction is worth a fit: at no step, and rated high
    where enough is. `region` (N,) tells which of the image's 8 × 8 parts a place lies in.
    """

    pixels: np.ndarray
    rays: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    measured: np.ndarray
    noise: np.ndarray
    sure: np.ndarray
    region: np.ndarray

    def points(self, scale: float = 1.0) -> np.ndarray:
        """(N, 3) predicted points in the camera's frame, `scale` times the network's unit."""
        z = scale * self.predicted
        return np.column_stack([self.rays * z[:, None], z])


def some_of(things: Sequence[T], most: int) -> list[T]:
    """At most `most` (≥ 1) of `things`, evenly taken, both ends kept."""
    return [things[i] for i in sorted({round(place) for place in np.linspace(
        0, len(things) - 1, min(most, len(things)))})]


def samples_of(view: NetworkView, frame: Frame, most: int = _MOST) -> Samples:
    """At most about `most` places of `frame` with what the network and the sensor say there."""
    height, width = view.depth.shape
    step = max(1, math.ceil(math.sqrt(height * width / most)))
    rows, columns = (grid.ravel() for grid in np.mgrid[step // 2:height:step, step // 2:width:step])
    pixels = view.resizing.points_back(np.column_stack([columns, rows]))
    measured = np.full(len(rows), np.nan)
    if frame.depth is not None:
        u, v = np.rint(pixels).astype(int).T
        read = frame.depth[np.clip(v, 0, frame.camera.height - 1),
                           np.clip(u, 0, frame.camera.width - 1)].astype(float)
        measured = np.where(np.isfinite(read) & (read > 0), read, np.nan)
    confidence = view.confidence[rows, columns].astype(float)
    plain = np.isfinite(view.depth[rows, columns]) & ~steps(view.depth)[rows, columns]
    sure = plain & (confidence > AT_STEP)
    if sure.sum() < _LEAST_SURE * plain.sum():
        sure = plain & (confidence > WITHOUT_CONTENT)
    return Samples(
        pixels, frame.camera.normalized(pixels), view.depth[rows, columns].astype(float),
        confidence, measured, frame.noise.sigma(measured), sure,
        rows * _ACROSS // height * _ACROSS + columns * _ACROSS // width)


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame, what the network says of it, and both at the same places."""

    frame: Frame
    view: NetworkView
    samples: Samples

    @cached_property
    def parts_read(self) -> float:
        """How many of the image's 64 parts the sensor's readings fill.

        With n of them in each part that is (Σ n)² / Σ n², the effective number of parts that err
        independently in a mean of all readings (Kish, Survey Sampling, 1965).
        """
        count = np.bincount(self.samples.region[self._used]).astype(float)
        return float(count.sum() ** 2 / np.square(count).sum()) if count.any() else 0.0

    @property
    def is_widely_read(self) -> bool:
        """Whether the sensor's readings are of at least a quarter of the image."""
        return self.parts_read >= _WIDELY_READ

    @property
    def parts_sigma(self) -> float:
        """One sigma, a share, of how what is read differs in scale from the image as a whole."""
        return OF_PART / math.sqrt(max(self.parts_read * INDEPENDENT / _ACROSS ** 2, 1.0))

    def believed(self, scale: float, sigma: float) -> Seen:
        """The same, without readings of a small part that contradict `scale`, a mirror's perhaps.

        Depth is predicted in units of `scale` metres, with one `sigma` as a share of it.
        """
        samples, used = self.samples, self._used
        if self.is_widely_read or not used.any():
            return self
        ratio = float(np.median(samples.measured[used] / samples.predicted[used])) / scale
        joint = math.hypot(sigma, self.parts_sigma, self.frame.noise.bias_share)
        if abs(math.log(ratio)) <= CONTRADICTION * joint:
            return self
        unknown = np.full(len(used), np.nan)
        return replace(self, samples=replace(samples, measured=unknown, noise=unknown))

    def unplaced(self) -> Seen:
        """The same without the network's pose, which is in another world than that of others."""
        return replace(self, view=replace(self.view, camera_to_world=None))

    @property
    def _used(self) -> np.ndarray:
        """(N,) bool: the samples by which the prediction is fitted to the sensor."""
        return self.samples.sure & np.isfinite(self.samples.measured)

    @cached_property
    def proportion(self) -> DepthFit | None:
        """Metres per unit of depth by the frame's sensor; None where that tells nothing."""
        return self._fit(with_shift=False)

    def line(self) -> DepthFit | None:
        """Scale and shift by the frame's sensor; None where that does not tell both."""
        fit = self._fit(with_shift=True)
        return fit if fit is not None and fit.shift else None

    def _fit(self, *, with_shift: bool) -> DepthFit | None:
        samples, used = self.samples, self._used
        if self.parts_read < _LEAST_READ:
            return None
        fit = fit_depth(samples.predicted[used], samples.measured[used], samples.noise[used],
                        with_shift=with_shift)
        return None if fit is None or fit.inliers < _LEAST_EXPLAINED else fit


def seen_in(frames: Sequence[Frame], views: Sequence[NetworkView]) -> list[Seen]:
    """Each of `frames` with its view."""
    return [Seen(frame, view, samples_of(view, frame))
            for frame, view in zip(frames, views, strict=True)]
