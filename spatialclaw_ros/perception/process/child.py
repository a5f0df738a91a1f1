"""The child process of the model engines: `python -m spatialclaw_ros.perception.process.child`.

One thread reads what the host says, another runs the engines, one call at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
import ctypes
from dataclasses import dataclass
from dataclasses import field
import importlib
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from typing import Any
from typing import NoReturn
from typing import Protocol

from spatialclaw_ros.calls import codec
from spatialclaw_ros.calls.failures import failed_of
from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineReply
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.channel import framing
from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import EngineSettings

#: Longest message, its arrays apart, in either direction, bytes.
MOST_MESSAGE = 64 << 20
_PR_SET_PDEATHSIG = 1
#: How messages of CUDA's faults begin (c10/cuda/CUDAException.h); after most of them every further
#: call of the process fails too.
_CUDA_FAULT = 'CUDA error:'


class Room(Protocol):
    """What the child asks; EngineRoom is one."""

    def answer(self, call: EngineCall, cancelled: Cancelled) -> EngineReply | Failed:
        """Answer `call`."""

    def health(self, waiting: int) -> EngineHealth:
        """How the engines stand; asked while another thread is in `answer`."""


def main(wire: int, parent: int, room: str) -> None:
    """Serve the host on the socket `wire` with a `room`, 'module:Class', until it goes away."""
    _end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(wire, False)
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    channel = framing.Channel(socket.socket(fileno=wire), most_out=MOST_MESSAGE,
                              most_in=MOST_MESSAGE)
    settings = EngineSettings(**channel.receive().get('settings', dict))
    module, _, name = room.partition(':')
    child = _Child(channel, getattr(importlib.import_module(module), name)(settings))
    threading.Thread(target=_until_the_end, args=(child.work,), daemon=True).start()
    channel.send('ready', {})
    _until_the_end(child.hear)


@dataclass(eq=False)
class _Call:
    """A call that waits or runs."""

    id: int
    body: bytes
    fds: list[int]
    cancelled: threading.Event = field(default_factory=threading.Event)


class _Child:
    def __init__(self, channel: framing.Channel, room: Room) -> None:
        self._channel, self._room = channel, room
        self._news = threading.Condition()
        self._sending = threading.Lock()
        self._waiting: deque[_Call] = deque()
        self._running: _Call | None = None

    def hear(self) -> NoReturn:
        """Take in what the host says. Raises EOFError when it has gone."""
        while True:
            message = self._channel.receive()
            number = message.get('id', int)
            if message.type == 'call':
                with self._news:
                    self._waiting.append(_Call(number, message.get('body', bytes), message.fds))
                    self._news.notify()
            elif message.type == 'cancel':
                self._cancel(number)
            elif message.type == 'health':
                waiting = len(self._waiting) + (self._running is not None)
                self._send('health', number, self._room.health(waiting))
            else:
                raise ChannelError(f'a {message.type[:40]!r} message came')

    def work(self) -> NoReturn:
        """Run the calls in the order in which they came. Raises EOFError as `hear` does."""
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting)
                self._running = call = self._waiting.popleft()
            reply = self._room.answer(codec.decode(call.body, call.fds), call.cancelled.is_set)
            self._running = None
            self._reply(call.id, reply)
            del reply

    def _cancel(self, number: int) -> None:
        with self._news:
            running = self._running
            if running is not None and running.id == number:
                running.cancelled.set()
            call = next((call for call in self._waiting if call.id == number), None)
            if call is not None:
                self._waiting.remove(call)
        if call is not None:
            framing.close_all(call.fds)
            self._send('done', number, failed_of(CallCancelled()))

    def _reply(self, number: int, reply: EngineReply | Failed) -> None:
        if isinstance(reply, Failed) and reply.message.startswith(_CUDA_FAULT):
            print(reply.message.splitlines()[0], file=sys.stderr)
            _exit(1)
        try:
            self._send('done', number, reply)
        except (ChannelError, TypeError, ValueError) as error:  # it is nothing that can be sent
            self._send('done', number, failed_of(error))

    def _send(self, kind: str, number: int, message: Any) -> None:
        """Send `message`; an engine may have written to the call's arrays, so all are copied."""
        body, memories = codec.encode(message, where_they_lie=False)
        with self._sending:
            self._channel.send(kind, {'id': number, 'body': body},
                               [memory.fd for memory in memories])


def _end_with(parent: int) -> None:
    """Have the system kill this process when the parent's thread that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it has ended before
        _exit(1)


def _until_the_end(serve: Callable[[], NoReturn]) -> None:
    """Run `serve`, and end the process with it: without one of its threads it is of no use."""
    try:
        serve()
    except EOFError:
        _exit(0)
    except BaseException:
        traceback.print_exc()
        _exit(1)


def _exit(status: int) -> NoReturn:
    """End at once, whatever the engines' thread is doing."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == '__main__':
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
