from dataclasses import replace
import threading

import numpy as np
import pytest

from spatialclaw_ros.memory import SharedArray
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Region
from spatialclaw_ros.scene.capture import Payload
from spatialclaw_ros.scene.capture import Sighting
from spatialclaw_ros.scene.frame_ring import FrameRing
from spatialclaw_ros.scene.frame_ring import RateGate

SECOND = 10**9
SIZE = (8, 16)


def sighting(stamp, camera='front', encoding='rgb8', value=7):
    height, width = SIZE
    matrix = np.array([[10.0, 0, 8], [0, 10, 4], [0, 0, 1]])
    channels = {'rgb8': 3, 'bgr8': 3}[encoding]
    image = Payload(bytes([value]) * (height * width * channels), encoding, height, width,
                    width * channels)
    depth = Payload(np.full(SIZE, 1500, '<u2').tobytes(), '16UC1', height, width, width * 2)
    return Sighting(stamp, Camera(camera, camera + '_optical', width, height, matrix), image,
                    depth, regions=(Region('cup', 0, box=(1, 1, 3, 3)),))


def ring(megabytes=10.0, seconds=20.0):
    return FrameRing(megabytes, seconds)


def test_a_frame_is_converted_once_and_numbered():
    held = ring()
    held.add(sighting(1 * SECOND))
    capture = held.add(sighting(2 * SECOND))
    frame = held.frame(capture)
    assert frame is held.frame(capture)
    assert frame.index == 1
    assert frame.regions[0].frame == 1
    assert frame.depth[0, 0] == pytest.approx(1.5)
    assert frame.image[0, 0].tolist() == [7, 7, 7]


def test_bytes_that_are_already_rgb_are_not_copied_again():
    held = ring()
    plain = held.add(sighting(SECOND))
    before = plain.nbytes
    frame = held.frame(plain)
    assert isinstance(frame.image, SharedArray)
    assert frame.image.memory is not None
    assert plain.nbytes == before + frame.depth.nbytes


def test_conversions_count_against_the_ring():
    one = ring().add(sighting(SECOND, encoding='bgr8'))
    received = one.nbytes
    held = ring(megabytes=3.2 * received / 2**20)
    captures = [held.add(sighting(n * SECOND, encoding='bgr8')) for n in range(1, 4)]
    assert held.state().frames == 3
    held.frame(captures[-1])
    assert held.state().frames < 3
    assert held.state().megabytes <= 3.2 * received / 2**20


def test_seconds_bound_the_ring():
    held = ring(seconds=2.0)
    for n in range(10):
        held.add(sighting(n * SECOND))
    assert [c.stamp // SECOND for c in held.between(None, None)] == [7, 8, 9]
    assert held.state().seconds == 2.0
    assert held.state().evicted == 7


def test_newest_of_each_camera_and_windows():
    held = ring()
    for n in range(1, 4):
        held.add(sighting(n * SECOND, 'left'))
        held.add(sighting(n * SECOND + 5, 'right'))
    assert [(c.camera.name, c.stamp) for c in held.newest()] == [
        ('left', 3 * SECOND), ('right', 3 * SECOND + 5)]
    assert [c.stamp for c in held.newest(('left',), not_after=2 * SECOND)] == [2 * SECOND]
    assert held.newest(after=4 * SECOND) == []
    assert len(held.between(SECOND, 3 * SECOND, ('left',))) == 2


def test_flush_forgets_everything_but_frames_in_use():
    held = ring()
    frame = held.frame(held.add(sighting(SECOND)))
    assert held.flush() == 1
    assert held.newest() == []
    assert frame.image[0, 0, 0] == 7
    assert held.add(sighting(SECOND)).index == 1


def test_the_same_frame_is_made_once_by_many_threads():
    held = ring()
    capture = held.add(sighting(SECOND))
    frames = []
    threads = [threading.Thread(target=lambda: frames.append(held.frame(capture)))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, frames))) == 1


def test_the_gate_thins_thirty_hertz_to_five():
    gate = RateGate(5.0)
    admitted = [gate.admits(SECOND + n * SECOND // 30) for n in range(300)]
    assert 49 <= sum(admitted) <= 51


def test_the_gate_does_not_halve_an_input_at_its_own_rate():
    gate = RateGate(5.0)
    jitter = [0, 3, -4, 2, -1, 4, -3, 0, 1, -2]
    stamps = [SECOND + n * SECOND // 5 + jitter[n % 10] * 10**6 for n in range(50)]
    assert sum(gate.admits(stamp) for stamp in stamps) >= 45


def test_the_gate_opens_after_a_backward_jump():
    gate = RateGate(5.0)
    assert gate.admits(100 * SECOND)
    assert gate.admits(SECOND)
    assert not gate.admits(SECOND + 10**6)


def test_bounds_must_be_positive():
    with pytest.raises(ValueError, match='positive'):
        FrameRing(0, 20)


def test_a_frame_without_its_labels_gives_way_to_a_whole_one_of_the_last_second():
    held = ring()
    whole = held.add(sighting(2 * SECOND))
    lost = held.add(replace(sighting(2 * SECOND + SECOND // 5), is_whole=False))
    assert held.newest() == [lost] and held.newest_whole() == [whole]
    assert held.newest_whole(after=whole.stamp) == [lost]
    late = held.add(replace(sighting(4 * SECOND), is_whole=False))
    assert held.newest_whole() == [late]
    other = held.add(sighting(SECOND, camera='back'))
    assert held.newest_whole() == [other, late]
