"""What a plane of points errs by, whoever told their depth."""

from __future__ import annotations

from dataclasses import replace

import box_world
import numpy as np
import pytest

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.toolkit.geometry_tool import GeometryTool
from spatialclaw_ros.toolkit.reconstruct import ReconstructTool


class Link:
    """Replies with the sensor's depth, scaled, with what is said of its errors."""

    def __init__(self, scale, **said):
        self.scale, self.said = scale, said

    def ask(self, request):
        return Reconstructed(tuple(self._geometry(box_world.window().at(number))
                                   for number in request.frames), 1.0, 'test')

    def _geometry(self, frame):
        depth = np.asarray(frame.depth * self.scale, np.float32)
        said = {name: np.full(depth.shape, value, np.float32) for name, value in self.said.items()
                if name in ('sigma', 'bias')}
        noise = replace(frame.noise, bias_share=self.said.get('noise', frame.noise.bias_share))
        return FrameGeometry(frame.index, depth, noise, **said)


@pytest.mark.parametrize('said', [{'noise': 0.1}, {'sigma': 0.2, 'bias': 0.1}])
def test_a_networks_error_of_scale_is_that_of_the_plane_and_of_the_camera_above_it(said):
    window = box_world.window()

    def height(link):
        reconstruct = ReconstructTool(link, window)
        recon = reconstruct.Reconstruct()
        number = window.newest.index
        plane = GeometryTool(window, reconstruct).plane(recon.points[number], number, level=True)
        return float(plane.height(recon.extrinsics[number][:3, 3])), plane.offset_sigma

    truth, sure = height(Link(1.0))
    value, sigma = height(Link(1.1, **said))
    assert value == pytest.approx(1.1 * truth, rel=0.02) and sure < 0.01 * truth
    assert sigma == pytest.approx(0.1 * value, rel=0.1)
