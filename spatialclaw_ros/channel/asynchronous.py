"""The host's end of a channel, on its asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Sequence
import errno
import socket
from typing import Any

from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.channel.errors import ChannelGone

#: What a send meets when the other end has gone.
_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF)


class AsyncChannel:
    """Hands every message to `on_message`, and the end of the stream to `on_end`.

    `on_end` is called once, with None at a regular end or the ChannelError of a breach, one
    that `on_message` raises included.
    """

    def __init__(self, sock: socket.socket, *, most_out: int, most_in: int, take_fds: bool,
                 on_message: Callable[[framing.Message], None],
                 on_end: Callable[[ChannelError | None], None]) -> None:
        """Take ownership of `sock` and start to read; must be called on the running loop."""
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._most_out = most_out
        self._take_fds = take_fds
        self._decoder = framing.Decoder(most_in)
        self._on_message, self._on_end = on_message, on_end
        self._sending = asyncio.Lock()
        self._room = asyncio.Event()
        self._loop.add_reader(sock, self._readable)

    async def send(self, kind: str, fields: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Send one message with descriptors, which must stay open until this returns.

        Raises ChannelError when it cannot be sent, ChannelGone when the other end has gone, whose
        last messages may still be on their way. A cancelled send leaves the stream cut off
        in mid-frame, so it ends the channel.
        """
        data = framing.pack(kind, fields, len(fds), self._most_out)
        async with self._sending:
            try:
                for piece, some in framing.pieces(data, fds):
                    await self._send_piece(piece, some)
            except OSError as error:
                kind_of_error = ChannelGone if error.errno in _GONE else ChannelError
                raise kind_of_error(f'{kind!r} could not be sent: {error}') from error
            except asyncio.CancelledError:
                self._end(ChannelError(f'{kind!r} was cut off'))
                raise

    def close(self) -> None:
        """Stop reading and close; `on_end` is not called for it."""
        if self._is_open:
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._sock.close()
            self._decoder.close()
            self._room.set()

    async def _send_piece(self, piece: memoryview, fds: list[int]) -> None:
        while piece:
            try:
                piece = piece[framing.send_piece(self._sock, piece, fds):]
                fds = []
            except BlockingIOError:
                await self._writable()

    async def _writable(self) -> None:
        self._room.clear()
        self._loop.add_writer(self._sock, self._room.set)
        try:
            await self._room.wait()
        finally:
            if self._is_open:
                self._loop.remove_writer(self._sock)

    @property
    def _is_open(self) -> bool:
        return self._sock.fileno() >= 0

    def _readable(self) -> None:
        try:
            data, fds = framing.read(self._sock, self._take_fds)
            if not data:
                self._end(None)
                return
            for message in self._decoder.feed(data, fds):
                self._on_message(message)
        except (BlockingIOError, InterruptedError):
            return
        except ChannelError as breach:
            self._end(breach)
        except OSError:
            self._end(None)

    def _end(self, breach: ChannelError | None) -> None:
        if self._is_open:
            self.close()
            self._on_end(breach)
