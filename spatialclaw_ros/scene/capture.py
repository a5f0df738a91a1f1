"""What was received from one camera at one moment, kept as it came until a query asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import threading
from typing import Any

import numpy as np

from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.memory import seal
from spatialclaw_ros.memory import SharedArray
from spatialclaw_ros.scene import encodings
from spatialclaw_ros.scene.camera import Camera
from spatialclaw_ros.scene.frame import Frame
from spatialclaw_ros.scene.frame import LabelImage
from spatialclaw_ros.scene.frame import PoseSigma
from spatialclaw_ros.scene.region import Region


@dataclass(frozen=True, eq=False)
class Payload:
    """Bytes of one image message. `compressed` means `encoding` is the message's format text."""

    data: Any
    encoding: str
    height: int = 0
    width: int = 0
    step: int = 0
    is_bigendian: bool = False
    compressed: bool = False

    def to_rgb(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB."""
        if self.compressed:
            return encodings.decode_color(self.data)
        return encodings.color_to_rgb(
            self.data, self.encoding, self.height, self.width, self.step)

    def to_metres(self) -> np.ndarray:
        """(H, W) float32 metres, REP 117."""
        if self.compressed:
            return encodings.decode_depth(self.data, self.encoding)
        return encodings.depth_to_metres(
            self.data, self.encoding, self.height, self.width, self.step, self.is_bigendian)

    def to_labels(self) -> np.ndarray:
        """(H, W) integers."""
        if self.compressed:
            return encodings.decode_labels(self.data)
        return encodings.labels_to_ids(
            self.data, self.encoding, self.height, self.width, self.step, self.is_bigendian)


@dataclass(frozen=True, eq=False)
class Sighting:
    """Everything received for one image; see Frame for the meaning of what is shared with it.

    `pose_problem` says why `camera_to_world` is missing although a pose was expected;
    `is_whole` is False where label image or detections of its moment were expected and are not
    there.
    """

    stamp: int
    camera: Camera
    image: Payload
    depth: Payload | None = None
    labels: Payload | None = None
    label_names: dict[int, str] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    camera_to_world: np.ndarray | None = None
    pose_problem: str = ''
    pose_sigma: PoseSigma = PoseSigma()
    noise: DepthNoise = DepthNoise()
    is_whole: bool = True


class Capture:
    """A sighting whose bytes were copied once into a sealed memfd of its own.

    The frame is made when it is first asked for and kept with the capture.
    """

    def __init__(self, index: int, sighting: Sighting) -> None:
        """Copy the bytes of `sighting`; `index` is its absolute frame number."""
        self.index = index
        self.stamp = sighting.stamp
        self.camera = sighting.camera
        self.pose_problem = sighting.pose_problem
        self.is_whole = sighting.is_whole
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._converted_bytes = 0
        kept = [name for name in ('image', 'depth', 'labels')
                if getattr(sighting, name) is not None]
        arrays = seal([np.frombuffer(getattr(sighting, name).data, np.uint8) for name in kept])
        self._received_bytes = sum(array.nbytes for array in arrays)
        self._sighting = _with_data(sighting, dict(zip(kept, arrays, strict=True)))

    @property
    def nbytes(self) -> int:
        """Bytes held: those received and those of cached conversions."""
        return self._received_bytes + self._converted_bytes

    def frame(self) -> Frame:
        """The frame, converted once; raises EncodingError or ValueError naming what is wrong."""
        with self._lock:
            if self._frame is None:
                self._frame = self._convert()
            return self._frame

    def _convert(self) -> Frame:
        got = self._sighting
        image = self._shared(got.image, got.image.to_rgb())
        depth = None if got.depth is None else self._shared(got.depth, got.depth.to_metres())
        labels = None
        if got.labels is not None:
            labels = LabelImage(self._shared(got.labels, got.labels.to_labels()), got.label_names)
        return Frame(
            index=self.index, stamp=got.stamp, camera=got.camera, image=image, depth=depth,
            camera_to_world=got.camera_to_world, pose_sigma=got.pose_sigma,
            regions=tuple(_numbered(region, self.index) for region in got.regions),
            labels=labels, noise=got.noise)

    def _shared(self, payload: Payload, array: np.ndarray) -> np.ndarray:
        """`array` in sealed memory: where it was received, or else copied and counted."""
        received = payload.data
        if isinstance(received, SharedArray) and received.memory is not None and (
                array.flags.c_contiguous and np.may_share_memory(array, received)):
            return received.memory.array(received.offset, array.shape, array.dtype)
        self._converted_bytes += array.nbytes
        return seal([array], f'frame{self.index}')[0]


def _with_data(sighting: Sighting, data: dict[str, SharedArray]) -> Sighting:
    return replace(sighting, **{
        name: replace(getattr(sighting, name), data=array) for name, array in data.items()})


def _numbered(region: Region, index: int) -> Region:
    return replace(region, frame=index)
