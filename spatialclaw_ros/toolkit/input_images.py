"""The query's images, each of which knows its frame, depth and pose."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import overload

import numpy as np
from PIL import Image

from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.guided import unknown_attribute


class FrameImage(Image.Image):
    """One frame's image, (H, W, 3) uint8 RGB at the sensor's own pixels; behaves as a PIL image.

    `np.asarray(image)` shares the pixels. `crop` and `resize` give a FrameImage that remembers
    where it lies in its frame: `offset` (x, y) sensor pixels of its corner, `scale` (sx, sy) its
    pixels per sensor pixel.
    """

    def __init__(self, frame: Frame, pixels: np.ndarray | None = None,
                 offset: tuple[float, float] = (0.0, 0.0),
                 scale: tuple[float, float] = (1.0, 1.0)) -> None:
        """Show `frame`, or `pixels` (h, w, 3) uint8 cut from it at `offset`, scaled."""
        super().__init__()
        self._frame = frame
        self._pixels = frame.image if pixels is None else pixels
        self._mode = 'RGB'
        self._size = (self._pixels.shape[1], self._pixels.shape[0])
        self.offset, self.scale = offset, scale

    @property
    def im(self) -> Any:
        """PIL's own copy of the pixels, made when PIL first needs it."""
        if self._im is None:
            self._im = Image.fromarray(np.ascontiguousarray(self._pixels)).im
        return super().im

    @im.setter
    def im(self, core: Any) -> None:
        self._im = core

    def load(self) -> Any:
        """PIL's pixel access."""
        return self.im.pixel_access(self.readonly)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The pixels themselves, not a copy."""
        return self._pixels.__array_interface__

    def crop(self, box: Any = None) -> FrameImage:
        """Part `box` (x1, y1, x2, y2) px of this image, clipped to it; remembers its place."""
        if box is None:
            return FrameImage(self._frame, self._pixels.copy(), self.offset, self.scale)
        x1, y1, x2, y2 = (round(float(v)) for v in np.asarray(box, float).reshape(4))
        x1, y1 = max(x1, 0), max(y1, 0)
        x2, y2 = min(x2, self.width), min(y2, self.height)
        if x1 >= x2 or y1 >= y2:
            raise ValueError(f'crop box {box} has no area inside the {self.width}x{self.height} '
                             'image; give (x1, y1, x2, y2) in pixels with x1 < x2 and y1 < y2')
        return FrameImage(
            self._frame, self._pixels[y1:y2, x1:x2],
            (self.offset[0] + x1 / self.scale[0], self.offset[1] + y1 / self.scale[1]), self.scale)

    def copy(self) -> FrameImage:
        """Copy whose pixels may be drawn on; keeps frame number and place."""
        return self.crop()

    def resize(self, size: Any, resample: int | None = None, box: Any = None,
               reducing_gap: float | None = None) -> FrameImage:
        """This image, or its part `box`, at `size` (width, height) px; as PIL's `resize`."""
        if box is not None:
            return self.crop(box).resize(size, resample, None, reducing_gap)
        resized = np.array(self.image.resize(
            (int(size[0]), int(size[1])), resample, None, reducing_gap))
        scale = (self.scale[0] * resized.shape[1] / self.width,
                 self.scale[1] * resized.shape[0] / self.height)
        return FrameImage(self._frame, resized, self.offset, scale)

    @property
    def image(self) -> Image.Image:
        """Plain PIL image of the same pixels."""
        return Image.fromarray(np.ascontiguousarray(self._pixels))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, 3), as of the array."""
        return (self.height, self.width, 3)

    @property
    def frame_index(self) -> int:
        """Absolute frame number."""
        return self._frame.index

    @property
    def stamp(self) -> float:
        """Time of capture, seconds."""
        return self._frame.stamp * 1e-9

    @property
    def camera(self) -> str:
        """Name of the camera."""
        return self._frame.camera.name

    @property
    def intrinsics(self) -> dict[str, float]:
        """`fx, fy, cx, cy` of this image (a crop's own), pixels."""
        k = self._frame.camera.intrinsics
        (x, y), (sx, sy) = self.offset, self.scale
        return {'fx': k['fx'] * sx, 'fy': k['fy'] * sy,
                'cx': (k['cx'] - x + 0.5) * sx - 0.5, 'cy': (k['cy'] - y + 0.5) * sy - 0.5}

    @property
    def pose(self) -> np.ndarray | None:
        """Camera-to-world (4, 4), optical axes; None where it is unknown."""
        pose = self._frame.camera_to_world
        return None if pose is None else np.array(pose)

    @property
    def depth(self) -> np.ndarray | None:
        """(H, W) float32 metres along z, NaN where unmeasured; None without a depth sensor.

        Of a crop: the same part. Of a resized image: that of the nearest sensor pixel.
        """
        depth = self._frame.depth
        if depth is None:
            return None
        if self._size != (depth.shape[1], depth.shape[0]) or self.offset != (0.0, 0.0):
            columns = self.offset[0] + (np.arange(self.width) + 0.5) / self.scale[0]
            rows = self.offset[1] + (np.arange(self.height) + 0.5) / self.scale[1]
            depth = depth[np.ix_(np.clip(rows.astype(int), 0, depth.shape[0] - 1),
                                 np.clip(columns.astype(int), 0, depth.shape[1] - 1))]
        return np.where(np.isfinite(depth), depth, np.float32(np.nan))

    @property
    def regions(self) -> tuple[Region, ...]:
        """Named boxes, points and masks given with the question on this frame, sensor pixels."""
        return self._frame.regions

    def edges_to_sensor(self, edges: np.ndarray) -> np.ndarray:
        """Sensor edges (N, 2) of `edges` (N, 2) of this image, such as a box's corners."""
        return np.asarray(edges, float) / self.scale + self.offset

    def points_to_sensor(self, points: np.ndarray) -> np.ndarray:
        """Sensor pixels (N, 2) of `points` (N, 2) of this image; pixel u has its centre at u."""
        return self.edges_to_sensor(np.asarray(points, float) + 0.5) - 0.5

    def __getattr__(self, name: str) -> Any:
        raise unknown_attribute(self, name)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        place = '' if self.offset == (0.0, 0.0) else f' at {self.offset}'
        depth = 'no depth' if self._frame.depth is None else 'depth in metres'
        pose = 'no pose' if self._frame.camera_to_world is None else 'pose known'
        return (f'<FrameImage frame {self.frame_index} of {self.camera!r}{place}: '
                f'{self.width}x{self.height} RGB, {depth}, {pose}>')


@guided
class InputImages(Sequence[FrameImage]):
    """Images in time order: `[i]` by position, `.at(frame)` by absolute frame number."""

    def __init__(self, images: Sequence[FrameImage]) -> None:
        """Hold `images` in the order given."""
        self._images = tuple(images)

    @overload
    def __getitem__(self, index: int) -> FrameImage: ...

    @overload
    def __getitem__(self, index: slice) -> InputImages: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return InputImages(self._images[index])
        if isinstance(index, (list, tuple, np.ndarray)):
            chosen = np.arange(len(self))[np.asarray(index)]
            return InputImages([self._images[i] for i in np.atleast_1d(chosen)])
        try:
            return self._images[index]
        except IndexError:
            raise IndexError(
                f'InputImages[{index}] is a position, and there are {len(self)} images; for a '
                f'frame number write InputImages.at({index})') from None

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[FrameImage]:
        return iter(self._images)

    @property
    def frame_indices(self) -> list[int]:
        """Absolute frame numbers, in order."""
        return [image.frame_index for image in self._images]

    def at(self, frame: int) -> FrameImage:
        """Image with absolute frame number `frame`; the nearest, with a printed note, if absent."""
        if not self._images:
            raise KeyError(f'no frame {frame}: there are no input images')
        found = min(self._images, key=lambda image: abs(image.frame_index - frame))
        if found.frame_index != frame:
            print(f'[note] no input frame {frame}; the nearest is {found.frame_index}')
        return found

    def of(self, camera: str) -> InputImages:
        """The images of one camera, in order; KeyError names the cameras there are."""
        chosen = [image for image in self._images if image.camera == camera]
        if not chosen:
            cameras = list(dict.fromkeys(image.camera for image in self._images))
            raise KeyError(f'no camera {camera!r}; the cameras are {cameras}')
        return InputImages(chosen)

    def __repr__(self) -> str:
        return f'InputImages: {len(self)} images, frames {shortened(self.frame_indices)}'


def shortened(numbers: Sequence[int]) -> str:
    """Text of a list of frame numbers, its middle left out when it is long."""
    numbers = list(numbers)
    if len(numbers) <= 8:
        return str(numbers)
    head, tail = ', '.join(map(str, numbers[:3])), ', '.join(map(str, numbers[-2:]))
    return f'[{head}, … {tail}] ({len(numbers)})'
