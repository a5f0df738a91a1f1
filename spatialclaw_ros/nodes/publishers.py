"""What the server publishes: answers for everyone, and what a running query does."""

from __future__ import annotations

import json
from typing import Any

from geometry_msgs.msg import PoseArray
import numpy as np
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import PointCloud2
from sensor_msgs.msg import PointField
from std_msgs.msg import Header
from std_msgs.msg import String
from vision_msgs.msg import Detection3D
from vision_msgs.msg import Detection3DArray
from vision_msgs.msg import ObjectHypothesis
from vision_msgs.msg import ObjectHypothesisWithPose
from visualization_msgs.msg import MarkerArray

from spatialclaw_interfaces.msg import Answer as AnswerMessage
from spatialclaw_interfaces.msg import DistanceArray
from spatialclaw_interfaces.msg import FoundObject
from spatialclaw_interfaces.msg import FoundObjectArray
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.nodes import convert
from spatialclaw_ros.nodes.findings import distance_message
from spatialclaw_ros.nodes.findings import object_messages
from spatialclaw_ros.nodes.markers import deletion
from spatialclaw_ros.nodes.markers import markers_of
from spatialclaw_ros.nodes.results import annotated_message
from spatialclaw_ros.nodes.results import for_planners
from spatialclaw_ros.nodes.results import jpeg
from spatialclaw_ros.nodes.results import Placed
from spatialclaw_ros.scene import FrameWindow

_DEPTH = 10


class Publishers:
    """Topics of finished and running queries; silent while the node is inactive."""

    def __init__(self, node: LifecycleNode, marker_lifetime: float) -> None:
        """Advertise everything; `marker_lifetime` seconds."""
        self._node, self._lifetime = node, marker_lifetime
        self._all: list[Any] = []

        def advertise(kind: type, topic: str) -> Any:
            self._all.append(node.create_lifecycle_publisher(kind, topic, _DEPTH))
            return self._all[-1]

        self._answer = advertise(AnswerMessage, 'answer')
        self._distances = advertise(DistanceArray, 'distances')
        self._objects = advertise(FoundObjectArray, 'objects')
        self._poses = advertise(PoseArray, 'poses')
        self._detections = advertise(Detection3DArray, 'detections')
        self._markers = advertise(MarkerArray, 'markers')
        self._annotated = advertise(CompressedImage, 'annotated_image/compressed')
        self._points = advertise(PointCloud2, 'object_points')
        self._query_cells = advertise(String, '~/query/cells')
        self._query_image = advertise(CompressedImage, '~/query/image/compressed')
        self._query_markers = advertise(MarkerArray, '~/query/markers')

    def close(self) -> None:
        """Take back what was advertised."""
        for publisher in self._all:
            self._node.destroy_publisher(publisher)

    def start(self, header: Header) -> None:
        """Clear the markers of the goal before."""
        for publisher in (self._markers, self._query_markers):
            publisher.publish(deletion(header))

    def cell(self, goal_id: str, step: int, purpose: str, code: str) -> None:
        """The cell a running query is about to run, as JSON."""
        self._query_cells.publish(String(data=json.dumps(
            {'goal_id': goal_id, 'step': step, 'purpose': purpose, 'code': code},
            ensure_ascii=False)))

    def picture(self, goal_id: str, label: str, image: np.ndarray) -> None:
        """A picture a cell has shown, (H, W, 3) uint8 RGB; frame_id is GOAL_ID/LABEL."""
        self._query_image.publish(CompressedImage(
            header=Header(frame_id=f'{goal_id}/{label}'[:200]), format='jpeg', data=jpeg(image)))

    def findings(self, goal_id: str, header: Header, evidence: tuple[Finding, ...]) -> None:
        """Findings so far of a running query; namespaces begin with the goal's id."""
        self._query_markers.publish(
            markers_of(evidence, header, self._lifetime, f'{goal_id}/'))

    def finished(self, goal_id: str, question: str, answer: Answer, window: FrameWindow) -> None:
        """An answer with its geometry, in target_frame, or in fixed_frame where that moves.

        Points and picture are made only where someone subscribes to them.
        """
        placed = for_planners(answer, window)
        header, objects = placed.header, object_messages(placed.evidence, window)
        self.answered(goal_id, question, answer, header)
        self._distances.publish(DistanceArray(
            header=header, distances=[distance_message(d) for d in placed.of(Distance)]))
        self._objects.publish(FoundObjectArray(header=header, objects=objects))
        self._poses.publish(_poses(placed, objects))
        self._detections.publish(Detection3DArray(
            header=header, detections=[_detection(header, found) for found in objects]))
        self._markers.publish(markers_of(placed.evidence, header, self._lifetime))
        if self._points.get_subscription_count():
            self._points.publish(_cloud(placed))
        if self._annotated.get_subscription_count():
            self._annotated.publish(annotated_message(answer, window))

    def answered(self, goal_id: str, question: str, answer: Answer, header: Header) -> None:
        """The answer in words and as a number."""
        self._answer.publish(AnswerMessage(
            header=header, goal_id=goal_id, question=question, error_code=int(answer.code),
            error_msg=answer.message, answer=answer.text, explanation=answer.explanation,
            value=float(answer.value), std_dev=float(answer.std_dev),
            interval_low=float(answer.interval.low), interval_high=float(answer.interval.high),
            unit=answer.unit))


def _poses(placed: Placed, objects: list[FoundObject]) -> PoseArray:
    """Poses of the objects, then of the positions found."""
    positions = [convert.pose(convert.rigid(np.eye(3), finding.point))
                 for finding in placed.of(Position) if not finding.frame]
    return PoseArray(header=placed.header,
                     poses=[found.pose.pose for found in objects] + positions)


def _detection(header: Header, found: FoundObject) -> Detection3D:
    hypothesis = ObjectHypothesisWithPose(
        hypothesis=ObjectHypothesis(class_id=found.name, score=float(found.score)),
        pose=found.pose)
    return Detection3D(header=header, results=[hypothesis], bbox=found.bbox, id=found.id)


def _cloud(placed: Placed) -> PointCloud2:
    """Visible surface points with the number of their object, from 0, as field `object`."""
    founds = placed.of(Found)
    rows = np.concatenate([np.empty((0, 4), np.float32)] + [
        np.column_stack([found.points, np.full(len(found.points), number)]).astype(np.float32)
        for number, found in enumerate(founds)])
    fields = [PointField(name=name, offset=4 * column, datatype=PointField.FLOAT32, count=1)
              for column, name in enumerate(('x', 'y', 'z', 'object'))]
    return PointCloud2(
        header=placed.header, height=1, width=len(rows), fields=fields, is_bigendian=False,
        point_step=16, row_step=16 * len(rows), data=rows.tobytes(), is_dense=True)
