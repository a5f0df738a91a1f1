"""Messages survive the way there and back; forged ones do not."""

import os

from hypothesis import given
from hypothesis import strategies as st
import msgpack
import numpy as np
import pytest

from spatialclaw_ros.calls import codec
from spatialclaw_ros.calls import requests
from spatialclaw_ros.memory import seal
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region

CAMERA = Camera('front', 'front_optical', 8, 6, np.array([[9., 0, 4], [0, 9., 3], [0, 0, 1]]))


def there_and_back(message):
    data, memories = codec.encode(message)
    return codec.decode(data, [os.dup(memory.fd) for memory in memories])


def test_an_opening_with_shared_frames_is_mapped_not_copied():
    image, depth = seal([np.full((6, 8, 3), 7, np.uint8), np.full((6, 8), 1.5, np.float32)])
    frame = Frame(3, 17, CAMERA, image, depth, np.eye(4), regions=(Region('mug', 3, (1, 1, 5, 5)),))
    opening = requests.Opening('how far?', ('a', 'b'), FrameWindow((frame, frame), 'odom'))
    data, memories = codec.encode(opening)
    assert sum(memory is image.memory for memory in memories) == 1
    copy = codec.decode(data, [os.dup(memory.fd) for memory in memories])
    received = copy.window.at(3)
    assert received.depth.tolist() == depth.tolist()
    assert received.regions[0].box == (1, 1, 5, 5)
    received.image[:] = 0
    assert image.min() == 7, 'a cell that writes to its frame changed the host'


@given(st.lists(st.sampled_from(['u1', 'f4', 'f8', '?', 'i8']), max_size=4), st.data())
def test_any_arrays_come_back_through_sealed_memory_and_arena(kinds, data):
    arrays = tuple(
        np.zeros(data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3))), k)
        for k in kinds)
    message = requests.Show(arrays, ('x',) * len(arrays))
    for back in (there_and_back(message), through_arena(message)):
        assert [a.tolist() for a in back.images] == [a.tolist() for a in arrays]
        assert [a.dtype for a in back.images] == [a.dtype for a in arrays]


def through_arena(message, size=1 << 16):
    arena = memoryview(bytearray(size))
    return codec.decode_from(codec.encode_into(message, arena), arena)


def test_too_much_for_the_arena_says_so():
    with pytest.raises(codec.CodecError, match='send fewer'):
        through_arena(requests.Show((np.zeros(100_000, np.uint8),), ('x',)))


@pytest.mark.parametrize('forged', [
    b'\xc1', b'', msgpack.packb({'~type': 'Popen'}), msgpack.packb({'~type': ['x']}),
    msgpack.packb({'~type': 'Reconstruct'}),
    msgpack.packb({'~type': 'Reconstruct', 'frames': 'all'}),
    msgpack.packb({'~type': 'Reconstruct', 'frames': [1.5]}),
    msgpack.packb({'~type': 'Reconstruct', 'frames': [1], '__class__': 3}),
    msgpack.packb({'~array': ['|O', [2], 0, 0]}), msgpack.packb({'~array': ['<f8', [-2], 0, 0]}),
    msgpack.packb({'~array': ['<f8', [2**62, 2**62], 0, 0]}),
    msgpack.packb({'~array': ['<f8', [4], 0, 2**40]}), msgpack.packb({'~array': 5}),
])
def test_forged_messages_are_refused(forged):
    with pytest.raises(codec.CodecError):
        codec.decode_from(forged, memoryview(bytearray(256)))


def test_object_arrays_and_strangers_are_not_sent():
    for stranger in (np.array([object()]), codec.CodecError):
        with pytest.raises((codec.CodecError, TypeError)):
            codec.encode(stranger)


@given(st.lists(st.integers(0, 200), max_size=4))
def test_the_room_that_is_asked_for_is_just_enough(sizes):
    message = requests.Show(tuple(np.zeros(n, np.uint8) for n in sizes), ('x',) * len(sizes))
    room = codec.room_for(message)
    through_arena(message, room)
    if room:
        with pytest.raises(codec.CodecError, match='send fewer'):
            through_arena(message, room - 1)


def test_arrays_that_were_written_to_are_sent_as_they_are_only_when_told_so():
    (image,) = seal([np.full((4, 4), 7, np.uint8)])
    image[:] = 9
    for where_they_lie, value in ((True, 7), (False, 9)):
        data, memories = codec.encode(requests.Show((image,), ()), where_they_lie=where_they_lie)
        back = codec.decode(data, [os.dup(memory.fd) for memory in memories])
        assert back.images[0].max() == value


def test_pieces_that_follow_one_another_are_what_is_decoded():
    image = np.arange(1000, dtype=np.uint16)
    data, pieces = codec.encode_apart(requests.Show((image, image[::7], image), ()))
    (whole,) = seal([np.frombuffer(b''.join(pieces), np.uint8)])
    assert len(b''.join(pieces)) == 2048 + 320
    back = codec.decode(data, [os.dup(whole.memory.fd)])
    assert [one.tolist() for one in back.images] == [
        image.tolist(), image[::7].tolist(), image.tolist()]


def test_the_schema_tells_of_every_field():
    assert 'Reconstruct(frames: tuple[int, ...])' in codec.schema().splitlines()
