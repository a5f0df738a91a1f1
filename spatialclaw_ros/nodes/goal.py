"""A goal message read and checked: the question, the regions, and which frames it wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_interfaces.action import SpatialQuery
from spatialclaw_interfaces.msg import Region as RegionMessage
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.nodes.stamps import nanoseconds
from spatialclaw_ros.nodes.stamps import seconds
from spatialclaw_ros.scene import Region
from spatialclaw_ros.scene.messages import payload_of
from spatialclaw_ros.session.question import Question


@dataclass(frozen=True)
class GoalDefaults:
    """What a goal that leaves a field empty gets; seconds."""

    target_frame: str
    policy: str
    max_steps: int
    timeout: float
    max_wait: float


@dataclass(frozen=True, eq=False)
class GivenRegion:
    """A region and the image it was drawn on: `stamp` ns, 0 for the newest frame of the goal."""

    region: Region
    stamp: int
    frame_id: str
    camera: str


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """Which frames a goal wants: stamps and `window` in ns (0: not given), `max_wait` seconds."""

    stamp: int
    window: int
    not_before: int
    max_wait: float
    cameras: tuple[str, ...]
    target_frame: str
    regions: tuple[GivenRegion, ...]


def question_of(goal: SpatialQuery.Goal, defaults: GoalDefaults) -> Question:
    """The question of `goal`; raises BadGoal for what contradicts itself."""
    if not goal.question.strip():
        raise BadGoal('the question is empty')
    timeout = _not_negative(goal, 'timeout')
    return Question(
        text=goal.question, choices=tuple(goal.choices),
        target_frame=goal.target_frame or defaults.target_frame,
        policy=goal.policy or defaults.policy, max_steps=goal.max_steps or defaults.max_steps,
        timeout=timeout or defaults.timeout, allow_guess=goal.allow_guess)


def frames_wanted(goal: SpatialQuery.Goal, defaults: GoalDefaults,
                  cameras: Sequence[str]) -> FrameRequest:
    """The frames `goal` wants, of the node's `cameras`; raises BadGoal."""
    unknown = [camera for camera in goal.cameras if camera not in cameras]
    if unknown:
        raise BadGoal(f'camera {unknown[0]!r} is none of this node\'s: {", ".join(cameras)}')
    for field in ('window', 'max_wait'):
        _not_negative(goal, field)
    stamp, not_before = nanoseconds(goal.stamp), nanoseconds(goal.not_before)
    if stamp and not_before >= stamp:
        raise BadGoal(
            f'not_before ({not_before / 1e9:.3f} s) is not earlier than stamp '
            f'({stamp / 1e9:.3f} s): no frame can be between them')
    return FrameRequest(
        stamp, nanoseconds(goal.window), not_before,
        seconds(goal.max_wait) or defaults.max_wait, tuple(goal.cameras),
        goal.target_frame or defaults.target_frame,
        tuple(region_of(region, cameras) for region in goal.regions))


def region_of(message: RegionMessage, cameras: Sequence[str]) -> GivenRegion:
    """One region of a goal; raises BadGoal unless exactly one of box, points, mask is given."""
    name = message.name.strip()
    if not name:
        raise BadGoal('a region has no name')
    if message.camera and message.camera not in cameras:
        raise BadGoal(f"region {name!r}: camera {message.camera!r} is none of this node's: "
                      f'{", ".join(cameras)}')
    box, points, mask = _box(message, name), _points(message, name), None
    if message.mask.width and message.mask.height:
        if message.mask.encoding not in ('mono8', '8UC1'):
            raise BadGoal(f'region {name!r}: the mask is {message.mask.encoding!r}, not mono8')
        try:
            mask = payload_of(message.mask).to_labels() > 0
        except ValueError as error:
            raise BadGoal(f'region {name!r}: mask: {error}') from error
    try:
        region = Region(name, 0, box, points, tuple(int(n) for n in message.point_labels), mask)
    except ValueError as error:
        raise BadGoal(str(error)) from error
    return GivenRegion(region, nanoseconds(message.header.stamp), message.header.frame_id,
                       message.camera)


def _box(message: RegionMessage, name: str) -> tuple[float, float, float, float] | None:
    if not len(message.box):
        return None
    numbers = [float(number) for number in message.box]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BadGoal(f'region {name!r}: a box is four finite numbers x1, y1, x2, y2, '
                      f'got {numbers}')
    return (numbers[0], numbers[1], numbers[2], numbers[3])


def _points(message: RegionMessage, name: str) -> np.ndarray | None:
    if not len(message.points):
        if len(message.point_labels):
            raise BadGoal(f'region {name!r}: point_labels without points')
        return None
    numbers = np.array(message.points, float)
    if len(numbers) % 2 or not np.isfinite(numbers).all():
        raise BadGoal(f'region {name!r}: points are finite pairs x, y, got {numbers.tolist()}')
    return numbers.reshape(-1, 2)


def _not_negative(goal: SpatialQuery.Goal, field: str) -> float:
    length = seconds(getattr(goal, field))
    if length < 0:
        raise BadGoal(f'{field} is {length:g} s; it must not be negative')
    return length
