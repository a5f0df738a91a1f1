"""One message of `calls` as the body of an HTTP request or reply.

A body is a prefix (magic, protocol, length of the head, length of the arrays; big-endian), the
head, which is the message in MessagePack, and its arrays, one after the other. Nothing in it is
unpickled or evaluated. Both ends must have the same protocol: the number of this layout, and a
digest of all messages with their fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
import fcntl
import hashlib
import os
import struct
from typing import Any

from spatialclaw_ros import __version__
from spatialclaw_ros.calls import codec
from spatialclaw_ros.memory import SEALS

PROTOCOL = f'1-{hashlib.sha256(codec.schema().encode()).hexdigest()[:8]}'
CONTENT_TYPE = 'application/x-spatialclaw'
#: Headers by which both ends say what they are.
PROTOCOL_HEADER, VERSION_HEADER = 'x-spatialclaw-protocol', 'x-spatialclaw-version'
HEADERS = {PROTOCOL_HEADER: PROTOCOL, VERSION_HEADER: __version__}

_MAGIC = b'SPCLAW\r\n'
_PREFIX = struct.Struct('>8s16sIQ')
#: Bytes that are handed on at a time; smaller pieces are put together.
_CHUNK = 1 << 18


class ContainerError(ValueError):
    """A body that is none, or is cut off."""


class TooLarge(ContainerError):
    """A body that is larger than its taker takes."""


def packed(message: Any) -> tuple[int, Iterator[memoryview]]:
    """The body of `message`: its length in bytes, and its pieces; large arrays are not copied."""
    head, arrays = codec.encode_apart(message)
    length = sum(len(piece) for piece in arrays)
    prefix = _PREFIX.pack(_MAGIC, PROTOCOL.encode(), len(head), length)
    return (len(prefix) + len(head) + length,
            _chunks([memoryview(prefix), memoryview(head), *arrays]))


def _chunks(pieces: Iterable[memoryview]) -> Iterator[memoryview]:
    small = bytearray()
    for piece in pieces:
        if len(small) + len(piece) <= _CHUNK:
            small += piece
            continue
        if small:
            yield memoryview(bytes(small))
        small.clear()
        whole = len(piece) - len(piece) % _CHUNK
        for start in range(0, whole, _CHUNK):
            yield piece[start:start + _CHUNK]
        small += piece[whole:]
    if small:
        yield memoryview(bytes(small))


class Incoming:
    """Takes in a body as it arrives; its arrays go straight into memory that is sealed at the end.

    No more memory is taken than has arrived, nor more than was agreed. Use it in a `with` block.
    """

    def __init__(self, most_head: int, most: int) -> None:
        """Take at most `most` bytes, at most `most_head` of them in the head."""
        self._most_head, self._most = most_head, most
        self._prefix, self._head = bytearray(), bytearray()
        self._head_length = self._arrays_length = 0
        self._arrived = 0
        self._fd = -1

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def feed(self, data: bytes) -> None:
        """Take in what has arrived.

        Raises ContainerError for what no message can be, TooLarge as soon as that is known.
        """
        if len(self._prefix) < _PREFIX.size:
            missing = _PREFIX.size - len(self._prefix)
            self._prefix += data[:missing]
            data = data[missing:]
            if len(self._prefix) < _PREFIX.size:
                return
            self._read_prefix()
        missing = self._head_length - len(self._head)
        self._head += data[:missing]
        self._store(memoryview(data)[missing:])

    def message(self) -> Any:
        """The message, once all has arrived. Raises ContainerError for what is no whole one."""
        if (len(self._prefix), len(self._head), self._arrived) != (
                _PREFIX.size, self._head_length, self._arrays_length):
            arrived = len(self._prefix) + len(self._head) + self._arrived
            raise ContainerError(f'the body is cut off after {arrived} bytes')
        fds = []
        if self._fd >= 0:
            fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, SEALS)
            fds.append(self._fd)
            self._fd = -1
        try:
            return codec.decode(bytes(self._head), fds)
        except codec.CodecError as error:
            raise ContainerError(str(error)) from error

    def _read_prefix(self) -> None:
        magic, protocol, head, arrays = _PREFIX.unpack(self._prefix)
        if magic != _MAGIC:
            raise ContainerError(f'the body begins with {magic!r}: it is no message of spatialclaw')
        if protocol.rstrip(b'\0') != PROTOCOL.encode():
            raise ContainerError(f'the body has protocol {protocol!r}, this end {PROTOCOL!r}')
        whole = _PREFIX.size + head + arrays
        if head > self._most_head or whole > self._most:
            raise TooLarge(
                f'the body has {whole / 2**20:.1f} MB, {head / 2**20:.1f} MB of them beside its '
                f'arrays; at most {self._most / 2**20:.1f} and {self._most_head / 2**20:.1f} MB '
                'are taken')
        self._head_length, self._arrays_length = head, arrays

    def _store(self, data: memoryview) -> None:
        self._arrived += len(data)
        if self._arrived > self._arrays_length:
            raise ContainerError('the body is longer than it says')
        if data and self._fd < 0:
            self._fd = os.memfd_create('spatialclaw-web', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        while data:
            data = data[os.write(self._fd, data):]
