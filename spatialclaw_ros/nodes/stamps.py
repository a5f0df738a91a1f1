"""Stamps and durations of messages as integers of nanoseconds, and back."""

from __future__ import annotations

from builtin_interfaces.msg import Duration
from builtin_interfaces.msg import Time

NANOSECONDS = 1_000_000_000


def nanoseconds(stamp: Time | Duration) -> int:
    """Nanoseconds of a stamp or duration message."""
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)


def seconds(stamp: Time | Duration) -> float:
    """Seconds of a stamp or duration message."""
    return nanoseconds(stamp) / NANOSECONDS


def time_message(stamp: int) -> Time:
    """Message of `stamp`, nanoseconds."""
    sec, nanosec = divmod(int(stamp), NANOSECONDS)
    return Time(sec=sec, nanosec=nanosec)


def duration_message(length: float) -> Duration:
    """Message of `length`, seconds."""
    sec, nanosec = divmod(round(length * NANOSECONDS), NANOSECONDS)
    return Duration(sec=sec, nanosec=nanosec)
