"""An answer as the action's result, all geometry in one header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import TypeVar

from geometry_msgs.msg import Point
import numpy as np
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from spatialclaw_interfaces.action import SpatialQuery
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import FoundPlane
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Track
from spatialclaw_ros.findings.framed import in_frame
from spatialclaw_ros.nodes import convert
from spatialclaw_ros.nodes.annotate import annotated
from spatialclaw_ros.nodes.annotate import evidence_frame
from spatialclaw_ros.nodes.findings import distance_message
from spatialclaw_ros.nodes.findings import object_messages
from spatialclaw_ros.nodes.findings import plane_message
from spatialclaw_ros.nodes.findings import track_message
from spatialclaw_ros.nodes.markers import markers_of
from spatialclaw_ros.nodes.stamps import duration_message
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.scene import FrameWindow

_FindingT = TypeVar('_FindingT')


@dataclass(frozen=True, eq=False)
class Placed:
    """Findings and the one header their geometry is in."""

    header: Header
    evidence: tuple[Finding, ...]
    window: FrameWindow

    def of(self, kind: type[_FindingT]) -> list[_FindingT]:
        """Findings of one kind."""
        return [finding for finding in self.evidence if isinstance(finding, kind)]


def in_target(answer: Answer, window: FrameWindow) -> Placed:
    """The findings in target_frame (the world where none was asked for)."""
    stamp = time_message(evidence_frame(answer, window).stamp)
    matrix = np.eye(4) if window.world_to_target is None else window.world_to_target
    return Placed(Header(stamp=stamp, frame_id=window.target_frame or window.world_frame),
                  in_frame(answer, matrix).evidence, window)


def for_planners(answer: Answer, window: FrameWindow) -> Placed:
    """The findings as topics carry them: in the world where target_frame moves in it."""
    if not window.target_moves:
        return in_target(answer, window)
    stamp = time_message(evidence_frame(answer, window).stamp)
    return Placed(Header(stamp=stamp, frame_id=window.world_frame), answer.evidence, window)


def refusal(answer: Answer) -> SpatialQuery.Result:
    """The result of a goal that never had any frames."""
    result = SpatialQuery.Result()
    _fill_words(result, answer)
    return result


def result_of(answer: Answer, window: FrameWindow, marker_lifetime: float, want_image: bool,
              now: int) -> SpatialQuery.Result:
    """The whole result; `now` is the node's clock in ns, for the age of the evidence."""
    result = refusal(answer)
    placed = in_target(answer, window)
    result.header = placed.header
    _fill_position(result, answer, placed)
    result.fixed_frame = window.world_frame
    result.target_in_fixed = _target_in_fixed(window)
    result.distances = [distance_message(finding) for finding in placed.of(Distance)]
    result.objects = object_messages(placed.evidence, window)
    result.tracks = [track_message(finding) for finding in placed.of(Track)]
    result.planes = [plane_message(finding) for finding in placed.of(FoundPlane)]
    result.markers = markers_of(placed.evidence, placed.header, marker_lifetime)
    if want_image:
        result.annotated = annotated_message(answer, window)
    age = (now - evidence_frame(answer, window).stamp) / 1e9
    result.evidence_age = duration_message(age)
    return result


def annotated_message(answer: Answer, window: FrameWindow) -> CompressedImage:
    """The newest evidence image with the findings drawn on it, JPEG."""
    frame = evidence_frame(answer, window)
    header = Header(stamp=time_message(frame.stamp), frame_id=frame.camera.frame_id)
    return CompressedImage(header=header, format='jpeg', data=jpeg(annotated(answer, window)))


def jpeg(image: np.ndarray) -> bytes:
    """JPEG of (H, W, 3) uint8 RGB."""
    import cv2
    _, data = cv2.imencode('.jpg', np.ascontiguousarray(image[:, :, ::-1]))
    return bytes(data)


def _fill_words(result: SpatialQuery.Result, answer: Answer) -> None:
    result.error_code = int(answer.code)
    result.error_msg = answer.message
    result.answer = answer.text
    result.explanation = answer.explanation
    result.value, result.std_dev = float(answer.value), float(answer.std_dev)
    result.interval_low = float(answer.interval.low)
    result.interval_high = float(answer.interval.high)
    result.unit = answer.unit
    result.position = Point(x=math.nan, y=math.nan, z=math.nan)
    result.position_covariance = [math.nan] * 9
    result.candidates = list(answer.candidates)
    result.transcript = answer.transcript
    result.sandbox = answer.sandbox
    result.elapsed = duration_message(answer.elapsed)
    result.steps = min(int(answer.steps), 65535)
    result.tool_calls = min(int(answer.tool_calls), 65535)
    result.prompt_tokens = int(answer.prompt_tokens)
    result.completion_tokens = int(answer.completion_tokens)
    for part in ('model', 'kernel', 'perception'):
        setattr(result, f'{part}_share', _share(answer.seconds.get(part, 0.0), answer.elapsed))


def _fill_position(result: SpatialQuery.Result, answer: Answer, placed: Placed) -> None:
    if answer.position is None:
        return
    x, y, z = (float(part) for part in answer.position)
    result.position = Point(x=x, y=y, z=z)
    result.position_frame = answer.frame or placed.header.frame_id
    found = placed.of(Position)
    if found:
        result.position_covariance = found[0].covariance.ravel().tolist()


def _share(part: float, whole: float) -> float:
    return float(min(max(part / whole, 0.0), 1.0)) if whole > 0 and math.isfinite(part) else 0.0


def _target_in_fixed(window: FrameWindow) -> convert.PoseWithCovariance:
    matrix = np.eye(4) if window.world_to_target is None else window.world_to_target
    translation, rotation = window.target_sigma
    variances: Sequence[float] = [translation**2] * 3 + [rotation**2] * 3
    return convert.pose_with_covariance(np.linalg.inv(matrix), np.diag(variances))
