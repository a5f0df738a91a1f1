"""camera_info read: which matrix holds, binning, region of interest, and what it may lack."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spatialclaw_ros.scene.calibration import camera_of

K = [600.0, 0, 320.0, 0, 610.0, 240.0, 0, 0, 1]
P = [500.0, 0, 310.0, -30.0, 0, 510.0, 230.0, 0, 0, 0, 1, 0]
D = [-0.28, 0.09, 0.001, -0.0007, 0.0]


def info(**changes: Any) -> Any:
    roi = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0)
    fields = {
        'header': SimpleNamespace(frame_id='optical'), 'width': 640, 'height': 480, 'k': K, 'p': P,
        'd': D, 'distortion_model': 'plumb_bob', 'binning_x': 0, 'binning_y': 0, 'roi': roi}
    return SimpleNamespace(**{**fields, **changes})


def test_a_rectified_image_has_p_and_no_distortion() -> None:
    camera = camera_of(info(), 'front', True)
    assert camera.intrinsics == {'fx': 500.0, 'fy': 510.0, 'cx': 310.0, 'cy': 230.0}
    assert not camera.is_distorted
    assert (camera.name, camera.frame_id, camera.width, camera.height) == (
        'front', 'optical', 640, 480)


def test_another_image_has_k_and_d() -> None:
    camera = camera_of(info(), 'front', False)
    assert camera.intrinsics == {'fx': 600.0, 'fy': 610.0, 'cx': 320.0, 'cy': 240.0}
    assert (camera.distortion_model, camera.distortion) == ('plumb_bob', tuple(D))


@pytest.mark.parametrize('model', ['plumb_bob', 'rational_polynomial', '', 'thin_prism'])
def test_without_coefficients_no_model_is_needed(model: str) -> None:
    camera = camera_of(info(d=[0.0] * 5, distortion_model=model), 'front', False)
    assert not camera.is_distorted


@pytest.mark.parametrize(('model', 'count'), [
    ('plumb_bob', 5), ('rational_polynomial', 8), ('equidistant', 4)])
def test_a_model_has_all_its_coefficients_or_is_refused(model: str, count: int) -> None:
    coefficients = [0.01] * count
    camera = camera_of(info(d=coefficients, distortion_model=model), 'front', False)
    assert (camera.distortion_model, camera.distortion) == (model, tuple(coefficients))
    with pytest.raises(ValueError, match=f'{model} takes {count} coefficients'):
        camera_of(info(d=coefficients[1:], distortion_model=model), 'front', False)


def test_the_region_of_interest_moves_the_centre_and_binning_shrinks_all() -> None:
    roi = SimpleNamespace(x_offset=100, y_offset=40, width=400, height=200)
    camera = camera_of(info(roi=roi, binning_x=2, binning_y=4), 'front', True)
    assert camera.intrinsics == {'fx': 250.0, 'fy': 127.5, 'cx': 105.0, 'cy': 47.5}
    assert (camera.width, camera.height) == (200, 50)


@pytest.mark.parametrize(('changes', 'rectified', 'words'), [
    ({'p': [0.0] * 12}, True, 'P of its camera_info is empty.*rectified to false'),
    ({'k': [0.0] * 9}, False, 'K of its camera_info is empty.*rectified to true'),
    ({'distortion_model': 'thin_prism'}, False, "'thin_prism' is not read.*equidistant")])
def test_what_a_calibration_lacks_is_named(changes: dict[str, Any], rectified: bool,
                                           words: str) -> None:
    with pytest.raises(ValueError, match=words):
        camera_of(info(**changes), 'front', rectified)


def test_the_matrix_of_the_message_is_left_as_it_was() -> None:
    message = info(k=np.array(K), binning_x=2)
    camera_of(message, 'front', False)
    assert message.k.tolist() == K
