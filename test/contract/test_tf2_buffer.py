"""
What the product relies on in tf2_ros.Buffer; literal values worked out by hand.

Runs unchanged against the stand-in and the real tf2_ros.
"""

from __future__ import annotations

from math import inf
from math import nan
import threading

from geometry_msgs.msg import TransformStamped
import pytest
from rclpy.duration import Duration
from rclpy.time import Time
import tf2_ros

NO_TURN = (0.0, 0.0, 0.0, 1.0)
YAW_90 = (0.0, 0.0, 0.7071067811865476, 0.7071067811865476)


def stamped(parent, child, seconds, translation=(0.0, 0.0, 0.0), rotation=NO_TURN):
    message = TransformStamped()
    message.header.frame_id = parent
    message.header.stamp = Time(nanoseconds=round(seconds * 1e9)).to_msg()
    message.child_frame_id = child
    shift, turn = message.transform.translation, message.transform.rotation
    shift.x, shift.y, shift.z = translation
    turn.x, turn.y, turn.z, turn.w = rotation
    return message


def at(seconds):
    return Time(nanoseconds=round(seconds * 1e9))


def translation_of(message):
    shift = message.transform.translation
    return pytest.approx((shift.x, shift.y, shift.z), abs=1e-9)


def rotation_of(message):
    """Quaternion (x, y, z, w) with w >= 0: q and -q are the same rotation."""
    turn = message.transform.rotation
    sign = -1.0 if turn.w < 0 else 1.0
    return pytest.approx((sign * turn.x, sign * turn.y, sign * turn.z, sign * turn.w), abs=1e-9)


@pytest.fixture
def buffer():
    return tf2_ros.Buffer()


def fill(buffer, *transforms):
    for transform in transforms:
        buffer.set_transform(transform, 'test')


def test_lookup_gives_the_pose_of_the_source_in_the_target(buffer):
    fill(buffer, stamped('odom', 'base', 10, (1.0, 2.0, 0.0), YAW_90))
    found = buffer.lookup_transform('odom', 'base', at(10))
    assert translation_of(found) == (1.0, 2.0, 0.0)
    assert rotation_of(found) == YAW_90
    assert found.header.frame_id == 'odom'
    assert found.child_frame_id == 'base'
    assert (found.header.stamp.sec, found.header.stamp.nanosec) == (10, 0)


def test_lookup_the_other_way_gives_the_inverse(buffer):
    fill(buffer, stamped('odom', 'base', 10, (1.0, 2.0, 0.0), YAW_90))
    found = buffer.lookup_transform('base', 'odom', at(10))
    assert translation_of(found) == (-2.0, 1.0, 0.0)
    assert rotation_of(found) == (0.0, 0.0, -0.7071067811865476, 0.7071067811865476)


def test_translation_is_linear_between_samples(buffer):
    fill(buffer, stamped('odom', 'base', 10, (1.0, 0.0, 0.0)),
         stamped('odom', 'base', 12, (3.0, 4.0, 0.0)))
    found = buffer.lookup_transform('odom', 'base', at(10.5))
    assert translation_of(found) == (1.5, 1.0, 0.0)
    assert (found.header.stamp.sec, found.header.stamp.nanosec) == (10, 500_000_000)


def test_rotation_turns_evenly_between_samples(buffer):
    fill(buffer, stamped('odom', 'base', 10), stamped('odom', 'base', 12, rotation=YAW_90))
    # A quarter of 90 degrees: sin and cos of 11.25 degrees. Mixing components would give 21.6.
    found = buffer.lookup_transform('odom', 'base', at(10.5))
    assert rotation_of(found) == (0.0, 0.0, 0.19509032201612825, 0.9807852804032304)


def test_rotation_goes_the_short_way(buffer):
    negative = tuple(-value for value in YAW_90)
    fill(buffer, stamped('odom', 'base', 10), stamped('odom', 'base', 12, rotation=negative))
    found = buffer.lookup_transform('odom', 'base', at(11))
    assert rotation_of(found) == (0.0, 0.0, 0.3826834323650898, 0.9238795325112867)


def test_samples_may_come_in_any_order(buffer):
    fill(buffer, stamped('odom', 'base', 12, (2.0, 0.0, 0.0)),
         stamped('odom', 'base', 10, (0.0, 0.0, 0.0)),
         stamped('odom', 'base', 11, (5.0, 0.0, 0.0)))
    assert translation_of(buffer.lookup_transform('odom', 'base', at(10.5))) == (2.5, 0.0, 0.0)


def test_a_later_sample_of_the_same_time_wins(buffer):
    fill(buffer, stamped('odom', 'base', 10, (1.0, 0.0, 0.0)), stamped('odom', 'base', 11),
         stamped('odom', 'base', 11, (2.0, 0.0, 0.0)))
    assert translation_of(buffer.lookup_transform('odom', 'base', at(11))) == (2.0, 0.0, 0.0)


def test_chain_through_a_common_ancestor(buffer):
    fill(buffer, stamped('odom', 'base', 10, (1.0, 2.0, 0.0), YAW_90),
         stamped('base', 'camera', 10, (0.5, 0.0, 1.0)),
         stamped('odom', 'arm', 10, (0.0, 0.0, 2.0)))
    found = buffer.lookup_transform('arm', 'camera', at(10))
    assert translation_of(found) == (1.0, 2.5, -1.0)
    assert rotation_of(found) == YAW_90


def test_what_is_missing_above_the_common_ancestor_does_not_matter(buffer):
    fill(buffer, stamped('map', 'odom', 50), stamped('odom', 'base', 10, (1.0, 0.0, 0.0)),
         stamped('odom', 'arm', 10, (0.0, 1.0, 0.0)))
    assert translation_of(buffer.lookup_transform('arm', 'base', at(10))) == (1.0, -1.0, 0.0)


@pytest.mark.parametrize('seconds', [9.999999999, 12.000000001])
def test_no_extrapolation(buffer, seconds):
    fill(buffer, stamped('odom', 'base', 10), stamped('odom', 'base', 12))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('odom', 'base', at(seconds))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('base', 'odom', at(seconds))
    assert not buffer.can_transform('odom', 'base', at(seconds))


def test_one_sample_serves_its_own_time_only(buffer):
    fill(buffer, stamped('odom', 'base', 10))
    assert buffer.can_transform('odom', 'base', at(10))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('odom', 'base', at(10.1))


def test_zero_time_is_the_latest_common_time(buffer):
    fill(buffer, stamped('odom', 'base', 10, (0.0, 0.0, 0.0)),
         stamped('odom', 'base', 12, (4.0, 0.0, 0.0)), stamped('base', 'camera', 11))
    found = buffer.lookup_transform('odom', 'camera', Time())
    assert (found.header.stamp.sec, found.header.stamp.nanosec) == (11, 0)
    assert translation_of(found) == (2.0, 0.0, 0.0)


def test_zero_time_without_a_common_time_is_extrapolation(buffer):
    fill(buffer, stamped('odom', 'base', 12), stamped('base', 'camera', 11))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('odom', 'camera', Time())


def test_static_holds_at_all_times_and_bounds_no_common_time(buffer):
    buffer.set_transform_static(stamped('base', 'camera', 3, (0.0, 0.0, 1.0)), 'test')
    fill(buffer, stamped('odom', 'base', 10, (1.0, 0.0, 0.0)))
    found = buffer.lookup_transform('odom', 'camera', Time())
    assert (found.header.stamp.sec, found.header.stamp.nanosec) == (10, 0)
    assert translation_of(found) == (1.0, 0.0, 1.0)
    assert translation_of(
        buffer.lookup_transform('base', 'camera', at(123456))) == (0.0, 0.0, 1.0)


def test_all_static_at_zero_time_is_stamped_zero(buffer):
    buffer.set_transform_static(stamped('base', 'camera', 3), 'test')
    found = buffer.lookup_transform('base', 'camera', Time())
    assert (found.header.stamp.sec, found.header.stamp.nanosec) == (0, 0)


def test_static_is_replaced_by_a_later_one(buffer):
    buffer.set_transform_static(stamped('base', 'camera', 3, (1.0, 0.0, 0.0)), 'test')
    buffer.set_transform_static(stamped('base', 'camera', 2, (2.0, 0.0, 0.0)), 'test')
    assert translation_of(buffer.lookup_transform('base', 'camera', at(9))) == (2.0, 0.0, 0.0)


def test_a_frame_in_itself_is_the_identity(buffer):
    fill(buffer, stamped('odom', 'base', 10))
    found = buffer.lookup_transform('base', 'base', at(99))
    assert translation_of(found) == (0.0, 0.0, 0.0)
    assert rotation_of(found) == NO_TURN
    assert found.header.stamp.sec == 99


def test_an_unknown_frame(buffer):
    fill(buffer, stamped('odom', 'base', 10))
    with pytest.raises(tf2_ros.LookupException, match='gripper'):
        buffer.lookup_transform('gripper', 'base', at(10))
    with pytest.raises(tf2_ros.LookupException, match='gripper'):
        buffer.lookup_transform('base', 'gripper', Time())
    assert not buffer.can_transform('base', 'gripper', Time())


@pytest.mark.parametrize('name', ['', '/odom'])
def test_a_name_that_can_never_be_valid(buffer, name):
    fill(buffer, stamped('odom', 'base', 10))
    with pytest.raises(tf2_ros.InvalidArgumentException):
        buffer.lookup_transform(name, 'base', at(10))


@pytest.mark.parametrize('time', [Time(), at(10)])
def test_two_trees(buffer, time):
    fill(buffer, stamped('odom', 'base', 10), stamped('world', 'table', 10))
    with pytest.raises(tf2_ros.ConnectivityException):
        buffer.lookup_transform('base', 'table', time)


def test_the_exceptions_have_one_base():
    for kind in (tf2_ros.LookupException, tf2_ros.ConnectivityException,
                 tf2_ros.ExtrapolationException, tf2_ros.InvalidArgumentException,
                 tf2_ros.TimeoutException):
        assert issubclass(kind, tf2_ros.TransformException)
    assert not issubclass(tf2_ros.LookupException, LookupError)


def test_ten_seconds_are_kept(buffer):
    fill(buffer, *(stamped('odom', 'base', seconds) for seconds in (100, 105, 111, 112)))
    assert buffer.can_transform('odom', 'base', at(105))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('odom', 'base', at(104))


def test_the_time_kept_can_be_chosen():
    buffer = tf2_ros.Buffer(cache_time=Duration(seconds=3))
    times = (100, 101, 102, 104, 105, 105.5)
    fill(buffer, *(stamped('odom', 'base', seconds) for seconds in times))
    assert buffer.can_transform('odom', 'base', at(104.5))
    assert not buffer.can_transform('odom', 'base', at(101.5))


def test_what_is_older_than_the_buffer_is_ignored(buffer):
    fill(buffer, stamped('odom', 'base', 111), stamped('odom', 'base', 100.5))
    assert not buffer.can_transform('odom', 'base', at(100.5))
    assert buffer.can_transform('odom', 'base', at(111))


@pytest.mark.parametrize('bad', [
    stamped('odom', 'base', 11, (nan, 0.0, 0.0)),
    stamped('odom', 'base', 11, rotation=(0.0, 0.0, 0.0, 0.0)),
    stamped('odom', 'base', 11, rotation=(0.0, 0.0, 0.0, inf)),
    stamped('base', 'base', 11),
    stamped('odom', '', 11),
    stamped('', 'base', 11),
])
def test_bad_transforms_are_ignored(buffer, bad):
    fill(buffer, stamped('odom', 'base', 10, (1.0, 0.0, 0.0)), bad)
    found = buffer.lookup_transform('odom', 'base', Time())
    assert found.header.stamp.sec == 10
    assert translation_of(found) == (1.0, 0.0, 0.0)


def test_a_quaternion_of_another_length_is_normalized(buffer):
    fill(buffer, stamped('odom', 'base', 10, rotation=(0.0, 0.0, 3.0, 3.0)))
    assert rotation_of(buffer.lookup_transform('odom', 'base', at(10))) == YAW_90


def test_a_slash_before_a_published_name_is_dropped(buffer):
    fill(buffer, stamped('/odom', '/base', 10))
    assert buffer.can_transform('odom', 'base', at(10))


def test_clear_keeps_what_is_static(buffer):
    buffer.set_transform_static(stamped('base', 'camera', 0, (0.0, 0.0, 1.0)), 'test')
    fill(buffer, stamped('odom', 'base', 10))
    buffer.clear()
    assert translation_of(buffer.lookup_transform('base', 'camera', at(10))) == (0.0, 0.0, 1.0)
    assert not buffer.can_transform('odom', 'base', at(10))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('odom', 'base', at(10))


def test_after_clear_older_times_are_taken_again(buffer):
    fill(buffer, stamped('odom', 'base', 1000))
    buffer.clear()
    fill(buffer, stamped('odom', 'base', 10, (3.0, 0.0, 0.0)))
    assert translation_of(buffer.lookup_transform('odom', 'base', Time())) == (3.0, 0.0, 0.0)


def test_lookup_waits_for_what_comes_in_time(buffer):
    sender = threading.Timer(
        0.05, fill, (buffer, stamped('odom', 'base', 10, (1.0, 0.0, 0.0))))
    sender.start()
    found = buffer.lookup_transform('odom', 'base', at(10), Duration(seconds=30))
    sender.join()
    assert translation_of(found) == (1.0, 0.0, 0.0)


def test_waiting_ends_with_the_reason(buffer):
    fill(buffer, stamped('odom', 'base', 10))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform('odom', 'base', at(11), timeout=Duration(nanoseconds=10**7))
    assert not buffer.can_transform('odom', 'base', at(11), timeout=Duration(nanoseconds=10**7))
