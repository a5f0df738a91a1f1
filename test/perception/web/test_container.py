"""Bodies survive any fragmentation; what is no body is refused in one line and takes no memory."""

import struct

from engine_rooms import depth_call
from engine_rooms import frame
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import msgpack
import numpy as np
import pytest

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Show
from spatialclaw_ros.perception.web.container import ContainerError
from spatialclaw_ros.perception.web.container import Incoming
from spatialclaw_ros.perception.web.container import packed
from spatialclaw_ros.perception.web.container import PROTOCOL
from spatialclaw_ros.perception.web.container import TooLarge

MOST = 1 << 20
CALL = depth_call(frame(0), frame(1, seed=1))


def body_of(message):
    length, pieces = packed(message)
    body = b''.join(pieces)
    assert len(body) == length
    return body


def read(body, step=1 << 30):
    with Incoming(MOST, MOST) as incoming:
        for start in range(0, len(body), step):
            incoming.feed(body[start:start + step])
        return incoming.message()


def forged(head, arrays=b'', magic=b'SPCLAW\r\n', protocol=PROTOCOL, lengths=None):
    head = head if isinstance(head, bytes) else msgpack.packb(head)
    return struct.pack('>8s16sIQ', magic, protocol.encode(),
                       *(lengths or (len(head), len(arrays)))) + head + arrays


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5000))
def test_a_call_survives_any_fragmentation(step):
    back = read(body_of(CALL), step)
    assert isinstance(back, EngineCall) and back.request == CALL.request
    for one, other in zip(CALL.frames, back.frames, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.depth, other.depth)
        np.testing.assert_array_equal(one.camera_to_world, other.camera_to_world)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(['u1', 'f4', '>f8', '?', 'i8', 'f2']),
                          st.lists(st.integers(0, 60), max_size=2)), max_size=5))
def test_any_arrays_come_back(kinds):
    rng = np.random.default_rng(0)
    arrays = tuple(rng.integers(0, 2, shape).astype(kind) for kind, shape in kinds)
    arrays += tuple(array.T[::2] for array in arrays if array.ndim) + arrays[:1]
    back = read(body_of(Show(arrays, ())))
    for one, other in zip(arrays, back.images, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_an_array_that_is_in_it_twice_is_sent_once():
    image = np.ones((200, 200, 3), np.uint8)
    assert len(body_of(Show((image,) * 5, ()))) < 1.2 * image.nbytes


def test_large_arrays_are_not_copied_on_their_way_out():
    image = np.zeros(3 << 20, np.uint8)
    pieces = list(packed(Show((image,), ()))[1])
    assert sum(np.shares_memory(np.frombuffer(piece, np.uint8), image) for piece in pieces) == 12


@pytest.mark.parametrize(('body', 'told'), [
    (b'', 'cut off'), (b'SPCLAW', 'cut off'),
    (b'GET / HTTP/1.1\r\n' + bytes(50), 'begins with'),
    (forged(1, protocol='0-12345678'), f'0-12345678.*{PROTOCOL}'),
    (forged(b'', lengths=(10, 0)), 'cut off'), (forged(b'\xc0', lengths=(1, 4)), 'cut off'),
    (forged(b'\xc0' * 9, lengths=(1, 0)), 'longer'), (forged(b'\xc1'), 'not a message'),
    (forged(b''), 'not a message'), (forged(b'\x91' * 600 + b'\xc0'), 'not a message'),
    (forged(b'\x91' * 500 + b'\xc0'), 'nested too deeply'),
    (forged(b'\xdd\xff\xff\xff\xff' * 500), 'not a message'),
    (forged({'~type': 'Popen'}), 'Popen'), (forged({'~type': 'EngineCall'}), 'EngineCall'),
    (forged({'~type': 'Reconstruct', 'frames': [float('nan')]}), 'frames'),
    (forged({'~type': 'Reconstruct', 'frames': 'all'}), 'frames'),
    (forged({'~type': 'EngineCall', 'engine': 'sam3', 'request': {
        '~type': 'Reconstruct', 'frames': []}, 'frames': [7]}), 'frames'),
    (forged({'~array': ['<f4', [2], 0, 0]}), 'bad array'),
    (forged({'~array': ['<f4', [2], 0, 0]}, bytes(7)), 'does not fit'),
    (forged({'~array': ['<f4', [1], 0, 8]}, bytes(8)), 'does not fit'),
    (forged({'~array': ['<f4', [1], 1, 0]}, bytes(8)), 'bad array'),
    (forged({'~array': ['<f4', [2**62, 2**62], 0, 0]}, bytes(8)), 'does not fit'),
    (forged({'~array': ['<f4', [2**63] * 100_000, 0, 0]}, bytes(8)), 'bad array'),
    (forged({'~array': ['|O', [1], 0, 0]}, bytes(8)), 'bad array'),
    (forged({'~array': ['<f4,' * 9999, [1], 0, 0]}, bytes(8)), 'bad array'),
    (forged({'~array': ['<f4', [-1], 0, 0]}, bytes(8)), 'bad array'),
])
def test_what_is_no_message_is_refused(body, told):
    with pytest.raises(ContainerError, match=told) as caught:
        read(body)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize('lengths', [(2**32 - 1, 0), (0, 2**64 - 1), (MOST + 1, 0), (10, MOST)])
def test_what_would_be_too_large_is_refused_before_it_comes(lengths):
    with Incoming(MOST, MOST) as incoming:
        with pytest.raises(TooLarge, match=r'at most 1\.0'):
            incoming.feed(forged(b'', lengths=lengths))
        assert incoming._fd < 0


def test_a_body_cut_off_anywhere_is_refused():
    body = body_of(CALL)
    for end in {*range(200), *range(0, len(body), 997), len(body) - 1}:
        with pytest.raises(ContainerError, match='cut off'):
            read(body[:end])


def test_a_depth_of_another_kind_than_the_check_expects():
    tree = {'~type': 'Frame', 'index': 0, 'stamp': 0, 'image': {'~array': ['|u1', [1, 1, 3], 0, 0]},
            'depth': {'~array': ['<f4', [], 0, 0]}, 'camera': {
                '~type': 'Camera', 'name': '', 'frame_id': '', 'width': 1, 'height': 1,
                'matrix': {'~array': ['<f8', [3, 3], 0, 0]}}}
    ones = np.ones(9).tobytes()
    with pytest.raises(ContainerError, match='Frame'):
        read(forged(tree, ones))


@pytest.mark.parametrize('seed', range(4))
def test_random_mutations_are_messages_or_refused(seed):
    rng = np.random.default_rng(seed)
    body = np.frombuffer(body_of(CALL), np.uint8)
    start = struct.calcsize('>8s16sIQ')
    for _ in range(150):
        mutant = body.copy()
        places = rng.integers(start if rng.random() < 0.8 else 0, start + 900,
                              rng.integers(1, 6))
        mutant[places] = rng.integers(0, 256, len(places))
        if rng.random() < 0.3:
            cut = rng.integers(start, start + 900)
            mutant = np.delete(mutant, slice(cut, cut + rng.integers(1, 40)))
        try:
            read(mutant.tobytes())
        except ContainerError as error:
            assert '\n' not in ' '.join(str(error).split())
