"""Images at the size a network takes, and what it finds back on the sensor's pixels.

A pixel (u, v) covers [u - 0.5, u + 0.5]: whole images are stretched onto one another edge to
edge, so that sensor u is network (u + 0.5) · w / W - 0.5. Boxes are half-open edges: (x1, y1, x2,
y2) covers the pixels x1 ≤ u < x2, and scales with the image. Nothing is cropped or padded.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from spatialclaw_ros.geometry.pixels import Box2D


@dataclass(frozen=True)
class Resizing:
    """From an image of `sensor` (width, height) to one of `network` (width, height), and back."""

    sensor: tuple[int, int]
    network: tuple[int, int]

    def __post_init__(self) -> None:
        """Refuse sizes without pixels."""
        if min(*self.sensor, *self.network) < 1:
            raise ValueError(f'images of {self.sensor} and {self.network} pixels; '
                             'every side must be at least 1')

    @property
    def scale(self) -> tuple[float, float]:
        """Network pixels per sensor pixel, along x and along y."""
        return self.network[0] / self.sensor[0], self.network[1] / self.sensor[1]

    def image(self, image: np.ndarray) -> np.ndarray:
        """`image` (H, W) or (H, W, C) of the sensor at the network's size, same dtype.

        Averaged over what a pixel covers along a side that gets smaller, bilinear along one that
        gets larger.
        """
        self._check(image, self.sensor)
        (width, height), (w, h) = self.sensor, self.network
        made = image
        for size, how in (((min(width, w), min(height, h)), cv2.INTER_AREA),
                          ((w, h), cv2.INTER_LINEAR)):
            if made.shape[1::-1] != size:
                made = cv2.resize(np.ascontiguousarray(made), size, interpolation=how)
        return made.reshape(h, w, *image.shape[2:])  # OpenCV drops an axis of one channel

    def points(self, points: np.ndarray) -> np.ndarray:
        """Network pixels (N, 2) of sensor pixels `points` (N, 2)."""
        return (np.asarray(points, float) + 0.5) * self.scale - 0.5

    def points_back(self, points: np.ndarray) -> np.ndarray:
        """Sensor pixels (N, 2) of network pixels `points` (N, 2)."""
        return (np.asarray(points, float) + 0.5) / self.scale - 0.5

    def box(self, box: Box2D) -> Box2D:
        """Edges of a sensor `box` in the network's image."""
        (x, y), (x1, y1, x2, y2) = self.scale, box
        return x1 * x, y1 * y, x2 * x, y2 * y

    def box_back(self, box: Box2D) -> Box2D:
        """Edges of a network `box` in the sensor's image, cut to it."""
        (x, y), (width, height), (x1, y1, x2, y2) = self.scale, self.sensor, box
        return (min(max(x1 / x, 0.0), width), min(max(y1 / y, 0.0), height),
                min(max(x2 / x, 0.0), width), min(max(y2 / y, 0.0), height))

    def matrix(self, matrix: np.ndarray) -> np.ndarray:
        """Intrinsics (3, 3) of the network's image, from the sensor's."""
        (x, y), m = self.scale, np.asarray(matrix, float)
        scaled = m * [[x], [y], [1.0]]
        scaled[:2, 2] = (m[:2, 2] + 0.5) * (x, y) - 0.5
        return scaled

    def map_back(self, values: np.ndarray) -> np.ndarray:
        """Smooth `values` (h, w) float of the network, such as logits, at every sensor pixel.

        Bilinear; beyond the outermost pixel centres the outermost value holds.
        """
        self._check(values, self.network)
        if self.sensor == self.network:
            return values
        return cv2.resize(np.ascontiguousarray(values, np.float32), self.sensor,
                          interpolation=cv2.INTER_LINEAR)

    def _check(self, image: np.ndarray, size: tuple[int, int]) -> None:
        if image.shape[1::-1] != size:
            raise ValueError(f'image of {image.shape[1]}x{image.shape[0]}, not {size[0]}x{size[1]}')


def within(sensor: tuple[int, int], edge: int, multiple: int = 1) -> Resizing:
    """The largest size that keeps the aspect, with a long side of `edge` pixels at most.

    Never larger than the sensor's, but for the rounding of each side to the nearest `multiple`.
    """
    scale = min(1.0, edge / max(sensor))
    width, height = (max(round(side * scale / multiple), 1) * multiple for side in sensor)
    return Resizing(sensor, (width, height))
