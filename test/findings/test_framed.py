"""An answer moved into another frame is the same answer, said from there."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.framed import finding_in_frame
from spatialclaw_ros.findings.framed import in_frame
from spatialclaw_ros.findings.status import ErrorCode

numbers = st.floats(-5, 5)
vectors = st.tuples(numbers, numbers, numbers).map(np.array)


@st.composite
def rigid(draw):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(draw(vectors)).as_matrix()
    matrix[:3, 3] = draw(vectors)
    return matrix


@given(rigid(), vectors, vectors)
def test_a_distance_keeps_its_length_and_its_uncertainty(matrix, a, b):
    spread = np.diag([1e-4, 4e-4, 9e-4])
    distance = Distance('a', 'b', 'CLOSEST', a, b, float(np.linalg.norm(a - b)),
                        from_covariance=spread, to_covariance=spread)
    moved = in_frame(Answer(ErrorCode.NONE, evidence=(distance,)), matrix).evidence[0]
    assert np.linalg.norm(moved.from_point - moved.to_point) == pytest.approx(distance.value)
    assert np.linalg.eigvalsh(moved.from_covariance) == pytest.approx([1e-4, 4e-4, 9e-4])


@given(rigid(), vectors)
def test_points_of_a_plane_stay_on_it(matrix, point):
    plane = FoundPlane('desk', np.array([0., 0, 1]), point[2], point[None], 0.01, 0.002)
    moved = finding_in_frame(plane, matrix)
    assert moved.polygon[0] @ moved.normal == pytest.approx(moved.offset, abs=1e-9)


def test_a_position_that_names_its_frame_stays():
    matrix = np.eye(4)
    matrix[0, 3] = 1
    said = Position('mug', np.zeros(3), np.eye(3), frame='base_link')
    assert finding_in_frame(said, matrix) is said
    assert finding_in_frame(Position('mug', np.zeros(3), np.eye(3)), matrix).point[0] == 1
