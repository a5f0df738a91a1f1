"""Messages by their fields alone: whoever decoded them, the scene keeps the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene.messages import class_map_of
from spatialclaw_ros.scene.messages import payload_of
from spatialclaw_ros.scene.messages import regions_of

CAMERA = Camera('camera', 'optical', 64, 48, np.diag([60.0, 60, 1]))


def detection(x: float, y: float, size: tuple[float, float] = (8.0, 4.0), theta: float = 0.0,
              names: tuple[tuple[str, float], ...] = (('mug', 0.7),), identity: str = '') -> Any:
    center = SimpleNamespace(position=SimpleNamespace(x=x, y=y), theta=theta)
    return SimpleNamespace(
        id=identity, bbox=SimpleNamespace(center=center, size_x=size[0], size_y=size[1]),
        results=[SimpleNamespace(hypothesis=SimpleNamespace(class_id=name, score=score))
                 for name, score in names])


def regions(*detections: Any) -> Any:
    return regions_of(SimpleNamespace(detections=list(detections)), CAMERA, 3)


def test_a_detection_is_named_by_its_best_class_or_else_its_id() -> None:
    named, nameless = regions(detection(30, 20, names=(('cup', 0.2), ('mug', 0.7))),
                              detection(30, 20, names=(), identity='thing 4'))
    assert (named.name, named.score, named.frame, named.box) == ('mug', 0.7, 3, (26, 18, 34, 22))
    assert (nameless.name, nameless.score) == ('thing 4', 1.0)


def test_a_turned_box_is_put_in_an_upright_one() -> None:
    [quarter] = regions(detection(30, 20, theta=np.pi / 2))
    assert quarter.box == pytest.approx((28, 16, 32, 24))


def test_what_does_not_reach_into_the_image_is_left_out() -> None:
    assert [region.box for region in regions(
        detection(400, 20), detection(66, 20), detection(30, 20, size=(0.0, 4.0)))] == [
            (62, 18, 70, 22)]


def test_images_keep_their_encoding_and_compressed_ones_their_format() -> None:
    raw = payload_of(SimpleNamespace(data=b'1234', encoding='16UC1', height=1, width=2, step=4,
                                     is_bigendian=1))
    assert not raw.compressed and raw.is_bigendian
    assert raw.to_labels().tolist() == [[0x3132, 0x3334]]
    packed = payload_of(SimpleNamespace(data=b'', format='16UC1; compressedDepth png'))
    assert packed.compressed and packed.encoding == '16UC1; compressedDepth png'


def test_a_class_map_is_by_number() -> None:
    entries = [SimpleNamespace(class_id=5, class_name='mug')]
    assert class_map_of(SimpleNamespace(class_map=entries)) == {5: 'mug'}
