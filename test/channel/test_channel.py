from __future__ import annotations

import asyncio
import os
import resource
import socket
import struct

from hypothesis import given
from hypothesis import strategies
from kernel_probes import held_by
import pytest

from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.asynchronous import AsyncChannel
from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.channel.errors import ChannelGone


@given(strategies.lists(strategies.binary(max_size=300), max_size=5), strategies.integers(1, 50))
def test_messages_survive_any_fragmentation(bodies, size):
    stream = b''.join(framing.pack('x', {'body': body}, 0, 1000) for body in bodies)
    decoder = framing.Decoder(1000)
    messages = []
    for start in range(0, len(stream), size):
        messages += decoder.feed(stream[start:start + size], [])
    assert [message.get('body', bytes) for message in messages] == bodies


@given(strategies.binary(max_size=200))
def test_garbage_is_an_error_or_incomplete(data):
    decoder = framing.Decoder(100)
    try:
        messages = decoder.feed(data, [])
    except ChannelError:
        return
    assert messages == []


def test_a_frame_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(ChannelError, match='2000 bytes; at most 1000'):
        framing.Decoder(1000).feed(struct.pack('>I', 2000), [])
    with pytest.raises(ChannelError, match='at most 10 are sent'):
        framing.pack('x', {'body': bytes(20)}, 0, 10)


def test_fields_are_checked():
    message = framing.Message('x', {'id': 'one'})
    with pytest.raises(ChannelError, match="'x' message whose id is 'one', not int"):
        message.get('id', int)


def test_more_descriptors_than_one_message_takes_arrive_in_order():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        memories = [os.memfd_create(str(i)) for i in range(260)]
        wanted = [os.fstat(fd).st_ino for fd in memories]
        framing.Channel(ours, most_out=1000, most_in=1000).send('x', {}, memories)
        framing.close_all(memories)
        message = framing.Channel(theirs, most_out=1000, most_in=1000).receive()
        assert [os.fstat(fd).st_ino for fd in message.fds] == wanted
        assert not any(os.get_inheritable(fd) for fd in message.fds)
        framing.close_all(message.fds)


def test_lost_descriptors_are_noticed():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        socket.send_fds(ours, [b'x'], [0] * 253)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (held_by() + 100, hard))
        try:
            with pytest.raises(ChannelError, match='MSG_CTRUNC'):
                framing.read(theirs, take_fds=True)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_end_of_the_stream():
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(EOFError):
        framing.Channel(theirs, most_out=1, most_in=1).receive()


async def test_a_long_message_waits_for_its_reader():
    ours, theirs = socket.socketpair()
    heard: list[framing.Message] = []
    ended = asyncio.Event()
    sender = AsyncChannel(ours, most_out=1 << 24, most_in=10, take_fds=False,
                          on_message=heard.append, on_end=lambda breach: ended.set())
    receiver = AsyncChannel(theirs, most_out=10, most_in=1 << 24, take_fds=False,
                            on_message=heard.append, on_end=lambda breach: ended.set())
    await asyncio.gather(*[sender.send('x', {'body': bytes([i]) * (1 << 21)}) for i in range(3)])
    sender.close()
    await ended.wait()
    assert [message.fields['body'] for message in heard] == [
        bytes([i]) * (1 << 21) for i in range(3)]
    receiver.close()


async def test_a_send_that_waits_ends_with_its_channel():
    ours, theirs = socket.socketpair()
    ended = asyncio.Event()
    sender = AsyncChannel(ours, most_out=1 << 24, most_in=10, take_fds=False,
                          on_message=print, on_end=lambda breach: ended.set())
    sending = asyncio.create_task(sender.send('x', {'body': bytes(1 << 23)}))
    await asyncio.sleep(0.05)
    theirs.close()
    with pytest.raises(ChannelError, match='could not be sent'):
        await asyncio.wait_for(sending, 5)
    await asyncio.wait_for(ended.wait(), 5)


async def test_what_was_said_last_is_heard_though_nothing_can_be_sent():
    ours, theirs = socket.socketpair()
    heard: list[framing.Message] = []
    ended = asyncio.Event()
    sender = AsyncChannel(ours, most_out=1 << 20, most_in=1 << 20, take_fds=False,
                          on_message=heard.append, on_end=lambda breach: ended.set())
    theirs.sendall(framing.pack('last', {}, 0, 1 << 20))
    theirs.close()
    with pytest.raises(ChannelGone):
        await sender.send('x', {})
    await asyncio.wait_for(ended.wait(), 5)
    assert [message.type for message in heard] == ['last']


def test_what_is_nested_beyond_measure_is_an_error():
    body = b'\x91' * 1000 + b'\xc0'
    with pytest.raises(ChannelError, match='not a message of version 1: list'):
        framing.Decoder(1 << 20).feed(len(body).to_bytes(4, 'big') + body, [])


async def test_a_send_that_is_cut_off_ends_the_channel():
    ours, theirs = socket.socketpair()
    breaches: list[ChannelError | None] = []
    sender = AsyncChannel(ours, most_out=1 << 24, most_in=10, take_fds=False,
                          on_message=print, on_end=breaches.append)
    sending = asyncio.create_task(sender.send('x', {'body': bytes(1 << 23)}))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert 'cut off' in str(breaches[0])
    theirs.close()
