"""Ways in which a spatial question fails, each with the code the caller receives.

SpatialError
├── NoFrames            no image in the window
├── NoCommonWorld       a measure across frames whose relative pose is unknown
├── NoTransform         TF is missing or late; names frames and age
├── UnknownObject       no region, label or detection has this name; lists the known
├── NotVisible          the object is known but shows no usable surface
├── Ambiguous           several candidates, or two measures that contradict
├── Stale               the image the goal refers to has left the buffer
├── Moving              the object or the frame moved during the measure
├── TooClose            nearer than the sensor can measure
├── Unanswerable        no way to answer with what is configured
├── OutOfBudget         steps or time are spent
├── Busy                no room to queue the goal
├── EngineDied          a perception engine died, or cannot be reached
├── Unwalled            the walls about the kernel cannot be raised here
└── BadGoal             the goal contradicts itself
"""

from __future__ import annotations

from spatialclaw_ros.findings.status import ErrorCode


class SpatialError(Exception):
    """A question that cannot be answered, with the reason; `code` is what the caller gets."""

    code = ErrorCode.INTERNAL


class NoFrames(SpatialError):
    """No image in the window."""

    code = ErrorCode.NO_FRAMES


class NoTransform(SpatialError):
    """TF is missing or late."""

    code = ErrorCode.NO_TRANSFORM


class NoCommonWorld(NoTransform):
    """A measure across frames whose relative pose is unknown."""


class UnknownObject(SpatialError):
    """No region, label or detection has this name."""

    code = ErrorCode.UNKNOWN_OBJECT


class NotVisible(SpatialError):
    """The object is known but shows no usable surface."""

    code = ErrorCode.NOT_VISIBLE


class Ambiguous(SpatialError):
    """Several candidates, or two measures that contradict each other."""

    code = ErrorCode.AMBIGUOUS


class Stale(SpatialError):
    """The image the goal refers to has left the buffer."""

    code = ErrorCode.STALE


class Moving(SpatialError):
    """The object or the frame moved during the measure."""

    code = ErrorCode.MOVING


class TooClose(SpatialError):
    """Nearer than the sensor can measure."""

    code = ErrorCode.TOO_CLOSE


class Unanswerable(SpatialError):
    """No way to answer with what is configured."""

    code = ErrorCode.UNANSWERABLE


class OutOfBudget(SpatialError):
    """Steps or time are spent."""

    code = ErrorCode.OUT_OF_BUDGET


class Busy(SpatialError):
    """No room to queue the goal."""

    code = ErrorCode.BUSY


class EngineDied(SpatialError):
    """A perception engine died or was ended during a call, or cannot be reached."""

    code = ErrorCode.ENGINE_DIED


class Unwalled(SpatialError):
    """The walls about the kernel cannot be raised here; says what would help."""

    code = ErrorCode.SANDBOX_UNAVAILABLE


class BadGoal(SpatialError):
    """The goal contradicts itself or the images it refers to."""

    code = ErrorCode.BAD_GOAL


#: Name of an exception class, as a cell's error names it, → the code the caller receives.
CODES_BY_NAME = {
    cls.__name__: cls.code
    for cls in (SpatialError, NoFrames, NoTransform, NoCommonWorld, UnknownObject, NotVisible,
                Ambiguous, Stale, Moving, TooClose, Unanswerable, OutOfBudget, Busy, EngineDied,
                BadGoal)
}
