"""One framed, versioned, size-limited protocol over a stream socket pair.

A frame is four bytes of length (big-endian) and a MessagePack map with `version`, `type` and the
fields of that type. Descriptors ride along as SCM_RIGHTS, at most 253 on one byte of the stream,
which is what the system takes; `fds` in the map says how many belong to the frame.
"""

from __future__ import annotations

import builtins
from collections import deque
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import os
import select
import socket
import struct
from typing import Any

import msgpack

from spatialclaw_ros.channel.errors import ChannelError

VERSION = 1

_PREFIX = struct.Struct('>I')
_FDS_PER_BYTE = 253
_MOST_FDS = 8 * _FDS_PER_BYTE
_ANCILLARY = socket.CMSG_SPACE(_FDS_PER_BYTE * 4)
_READ = 1 << 18


@dataclass(frozen=True)
class Message:
    """One frame as received; whoever takes it owns its descriptors."""

    type: str
    fields: dict[str, Any]
    fds: list[int] = field(default_factory=list)

    def get(self, name: str, kind: builtins.type[Any]) -> Any:
        """Field `name`, which must be of `kind`; ChannelError otherwise."""
        value = self.fields.get(name)
        if not isinstance(value, kind):
            raise ChannelError(
                f'{self.type[:40]!r} message whose {name} is {shown(value)}, not {kind.__name__}')
        return value


def shown(value: object) -> str:
    """What the other end has sent, in few words: however it is nested, this cannot fail."""
    if isinstance(value, (str, bytes)):
        return repr(value[:60])
    return f'{value:.6g}' if isinstance(value, (int, float)) else type(value).__name__


def pack(kind: str, fields: dict[str, Any], fds: int, limit: int) -> bytes:
    """One frame as bytes. Raises ChannelError when it would exceed `limit` bytes."""
    body = msgpack.packb({'version': VERSION, 'type': kind, 'fds': fds, **fields})
    if len(body) > limit:
        raise ChannelError(f'{kind!r} message of {len(body)} bytes; at most {limit} are sent')
    return _PREFIX.pack(len(body)) + body


def pieces(data: bytes, fds: Sequence[int]) -> Iterator[tuple[memoryview, list[int]]]:
    """Cut a frame so that each piece carries no more descriptors than one message may."""
    if len(fds) > _MOST_FDS:
        raise ChannelError(f'{len(fds)} descriptors in one message; at most {_MOST_FDS} are sent')
    view = memoryview(data)
    rest = list(fds)
    while len(rest) > _FDS_PER_BYTE:
        yield view[:1], rest[:_FDS_PER_BYTE]
        view, rest = view[1:], rest[_FDS_PER_BYTE:]
    yield view, rest


def send_piece(sock: socket.socket, piece: memoryview, fds: list[int]) -> int:
    """Send what the socket takes of `piece`, the descriptors with its first byte."""
    if fds:
        return socket.send_fds(sock, [piece], fds)
    return sock.send(piece)


def read(sock: socket.socket, take_fds: bool) -> tuple[bytes, list[int]]:
    """Read what is there; empty bytes at the end of the stream.

    Without `take_fds` the system drops any descriptor the other end attached.
    """
    if not take_fds:
        return sock.recv(_READ), []
    data, ancillary, flags, _address = sock.recvmsg(
        _READ, _ANCILLARY, socket.MSG_CMSG_CLOEXEC)
    fds: list[int] = []
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            whole = len(payload) - len(payload) % 4
            fds += memoryview(payload[:whole]).cast('i').tolist()
    if flags & socket.MSG_CTRUNC:
        close_all(fds)
        raise ChannelError('descriptors were lost on the way (MSG_CTRUNC): out of descriptors?')
    return data, fds


def close_all(fds: Sequence[int]) -> None:
    """Close every descriptor of `fds`."""
    for fd in fds:
        os.close(fd)


class Decoder:
    """Cuts a stream into messages and gives each its descriptors."""

    def __init__(self, limit: int) -> None:
        """Frames longer than `limit` bytes are an error."""
        self._limit = limit
        self._buffer = bytearray()
        self._fds: deque[int] = deque()

    def feed(self, data: bytes, fds: Sequence[int]) -> list[Message]:
        """Messages that are complete with `data`. Raises ChannelError for anything else."""
        self._buffer += data
        self._fds.extend(fds)
        messages = []
        while (message := self._take()) is not None:
            messages.append(message)
        return messages

    def close(self) -> None:
        """Close the descriptors that no message has claimed."""
        close_all(self._fds)
        self._fds.clear()

    def _take(self) -> Message | None:
        if len(self._buffer) < _PREFIX.size:
            return None
        (length,) = _PREFIX.unpack_from(self._buffer)
        if length > self._limit:
            raise ChannelError(f'frame of {length} bytes; at most {self._limit} are taken')
        end = _PREFIX.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_PREFIX.size:end])
        del self._buffer[:end]
        return self._parse(body)

    def _parse(self, body: bytes) -> Message:
        try:
            fields = msgpack.unpackb(body)
        except Exception as error:
            raise ChannelError(f'not a message: {error}') from error
        if not isinstance(fields, dict) or fields.pop('version', None) != VERSION:
            raise ChannelError(f'not a message of version {VERSION}: {shown(fields)}')
        kind, count = fields.pop('type', None), fields.pop('fds', None)
        if not isinstance(kind, str) or not isinstance(count, int):
            raise ChannelError(f'message with type {shown(kind)} and fds {shown(count)}')
        if not 0 <= count <= len(self._fds):
            raise ChannelError(
                f'{kind[:40]!r} message names {count} descriptors, {len(self._fds)} came')
        return Message(kind, fields, [self._fds.popleft() for _ in range(count)])


class Channel:
    """The blocking end, as nursery and kernel hold it."""

    def __init__(self, sock: socket.socket, *, most_out: int, most_in: int) -> None:
        """Frames sent and received are at most `most_out` and `most_in` bytes long."""
        self.sock = sock
        self._most_out = most_out
        self._decoder = Decoder(most_in)
        self._ready: deque[Message] = deque()
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def send(self, kind: str, fields: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Send one message. Raises ChannelError when it is too long, EOFError at the end."""
        data = pack(kind, fields, len(fds), self._most_out)
        try:
            for piece, some in pieces(data, fds):
                sent = send_piece(self.sock, piece, some)
                self.sock.sendall(piece[sent:])
        except OSError as error:
            raise EOFError(f'the other end is out of reach: {error}') from error

    def wait(self) -> None:
        """Wait until `read` will not block; a signal handler may raise out of this."""
        if not self._ready:
            self._poll.poll()

    def read(self) -> Message | None:
        """Next message if it is complete by now, else None. Raises EOFError at the end."""
        if not self._ready:
            try:
                data, fds = read(self.sock, take_fds=True)
            except OSError as error:
                raise EOFError(f'the other end is out of reach: {error}') from error
            if not data:
                raise EOFError('the other end has gone')
            self._ready.extend(self._decoder.feed(data, fds))
        return self._ready.popleft() if self._ready else None

    def has_more(self) -> bool:
        """Whether `read` has something to take now, a part of a message or the end included."""
        return bool(self._ready or self._poll.poll(0))

    def receive(self) -> Message:
        """Wait for the next message. Raises EOFError at the end of the stream."""
        while True:
            self.wait()
            message = self.read()
            if message is not None:
                return message
