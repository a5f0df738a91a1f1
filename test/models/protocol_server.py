"""A double of an OpenAI-compatible model server, with the faults that such servers show.

It speaks HTTP by itself: no library would send garbage, or break off in the middle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import json
import threading
import time
from typing import Any
from typing import NamedTuple

_NEXT = '**Next Goal**\nCheck the distance in a second frame.\n\n'
_GOOD = ('**Purpose**\nMeasure the gap between the heater and the door.\n\n'
         '**Reasoning**\nBoth were found in frame 4; their closest points tell the gap.\n\n' + _NEXT
         + "**Code**\n```python\ngap = 1.25\nprint(f'{gap:.2f} m')\n```\n")

# What models write when they are asked for the four sections.
REPLIES = {
    'good': _GOOD,
    'no fence': _GOOD.replace('```python\n', '').replace('```\n', ''),
    'unterminated fence': _GOOD.removesuffix('```\n'),
    'two blocks': _GOOD + '\nThen check it:\n\n```python\nassert gap > 0\n```\n',
    'missing section': _GOOD.replace(_NEXT, ''),
    'think': '<think>\nOkay, a gap.\n**Code** comes last.\n</think>\n\n' + _GOOD,
    'orphan think': 'Okay, the user wants a gap.\n</think>\n\n' + _GOOD,
    'thought': 'thought\n' + _GOOD,
    'thought channel': '<|channel>thought\nClosest points it is.\n<channel|>' + _GOOD,
    'headings': ('\n' + _GOOD).replace('\n**', '\n## ').replace('**\n', '\n').lstrip(),
    'refusal': "I'm sorry, I can't help with identifying what these images show.",
    'empty': '',
    'json': json.dumps({'purpose': 'Measure the gap.', 'reasoning': 'Both were found.',
                        'next_goal': 'Check it.', 'code': 'print(1.25)'}, indent=2),
}


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a request gets after `wait` seconds, with `drip` seconds before each piece of it.

    Once `at` characters are out (of the text where it is streamed, else of the body), the
    connection is 'cut', or the stream comes in good order to its 'end' although there is more, or
    it stalls for `fault` seconds. A bare Turn is a connection that is cut before any answer.
    """

    wait: float = 0.0
    drip: float = 0.0
    at: int | None = None
    fault: float | str = 'cut'
    code: int = 200
    kind: str = ''
    headers: dict[str, str] = field(default_factory=dict)

    def pieces(self, asked: dict[str, Any]) -> Iterator[tuple[bytes, int]] | None:
        """The body in pieces, each with the number of characters that `at` counts."""
        return None


@dataclass(frozen=True)
class Plain(Turn):
    """A body as it is, garbage included."""

    body: bytes

    def pieces(self, asked: dict[str, Any]) -> Iterator[tuple[bytes, int]]:
        return ((piece, len(piece)) for piece in _cut(self.body, 32))


@dataclass(frozen=True)
class Answer(Turn):
    """A good answer; text that is no string is taken piece by piece, as the client reads."""

    text: str | Iterable[str] = ''
    reasoning: str = ''
    tool_calls: Sequence[tuple[str, str]] = ()
    finish: str = 'stop'
    usage: tuple[int, int] | None = (11, 7)
    reasoning_key: str = 'reasoning_content'
    no_choices: bool = False

    def pieces(self, asked: dict[str, Any]) -> Iterator[tuple[bytes, int]]:
        if asked.get('stream'):
            return self._events(asked)
        calls = [_call(name, arguments, id=f'call_{index}', type='function')
                 for index, (name, arguments) in enumerate(self.tool_calls)]
        message = {'role': 'assistant', 'content': ''.join(self.text) or (None if calls else ''),
                   self.reasoning_key: self.reasoning or None, 'tool_calls': calls or None}
        return Plain(self._frame(asked, message=message, finish_reason=self.finish)).pieces(asked)

    def _events(self, asked: dict[str, Any]) -> Iterator[tuple[bytes, int]]:
        for delta in self._deltas():
            frame = self._frame(asked, delta=delta, finish_reason=None)
            yield b'data: %b\n\n' % frame, len(delta.get('content', ''))
        yield b'data: %b\n\n' % self._frame(asked, delta={}, finish_reason=self.finish), 0
        if self.usage and (asked.get('stream_options') or {}).get('include_usage'):
            yield b'data: %b\n\n' % self._frame(asked), 0
        yield b'data: [DONE]\n\n', 0

    def _deltas(self) -> Iterator[dict[str, Any]]:
        yield {'role': 'assistant', 'content': ''}
        yield from ({self.reasoning_key: piece} for piece in _cut(self.reasoning))
        yield from ({'content': piece} for piece in _cut(self.text))
        for index, (name, arguments) in enumerate(self.tool_calls):
            start = _call(name, '', index=index, id=f'call_{index}', type='function')
            more = (_call(None, piece, index=index) for piece in _cut(arguments))
            yield from ({'tool_calls': [part]} for part in (start, *more))

    def _frame(self, asked: dict[str, Any], **choice: Any) -> bytes:
        frame = {'id': 'chatcmpl-1', 'created': 0, 'model': asked.get('model', 'double'),
                 'object': 'chat.completion' + '.chunk' * ('message' not in choice),
                 'choices': [{'index': 0, **choice}] if choice and not self.no_choices else []}
        if self.usage and 'delta' not in choice:
            told, said = self.usage
            frame['usage'] = {'prompt_tokens': told, 'completion_tokens': said,
                              'total_tokens': told + said}
        return json.dumps(frame).encode()


class Words:
    """A text of `count` tokens, each made when it is read; `given` is how many were."""

    def __init__(self, count: int) -> None:
        self.count, self.given = count, 0

    def __iter__(self) -> Iterator[str]:
        for number in range(self.count):
            self.given += 1
            yield f' {number % 1000}'


def status(code: int, message: str = 'no luck', **headers: str) -> Plain:
    """An error as such servers report it; `retry_after` is the header Retry-After, and so on."""
    error = {'message': message, 'type': 'error', 'param': None, 'code': code}
    return Plain(json.dumps({'error': error}).encode(), code=code, kind='application/json',
                 headers={name.replace('_', '-'): value for name, value in headers.items()})


GARBAGE = {
    'no json': Plain(b'upstream is warming up'),
    'half json': Plain(b'{"id": "x", "choices": [{"index": 0, "mess', kind='application/json'),
    'other json': Plain(b'{"status": "queued"}', kind='application/json'),
    'html': Plain(b'<!doctype html><html><h1>Sign in</h1></html>', kind='text/html'),
    'nothing': Plain(b''),
    'broken stream': Plain(b'data: {"id": "x", "choices": [{"del\n\ndata: [DONE]\n\n'),
    'error in stream': Plain(b'data: {"error": {"message": "out of memory", "code": 500}}\n\n'),
}
_PAGES = {
    '/health': Plain(b'{"status": "ok"}'),
    '/v1/models': Plain(b'{"object": "list", "data": [{"id": "double", "object": "model", '
                        b'"created": 0, "owned_by": "tests"}]}'),
}


class Received(NamedTuple):
    """One request; header names are in lower case, the body is empty where none came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float


class ProtocolServer:
    """Serves from a thread of its own, on a free port, while its `with` block runs.

    Turns are taken in order, a text as a good answer; the last repeats, unless the script `ends`.
    What `respond` raises is raised again at the end of the block.
    """

    def __init__(self, turns: Sequence[Turn | str] = (), *, ends: bool = False,
                 respond: Callable[[dict[str, Any]], Turn] | None = None) -> None:
        self.url = ''
        self.requests: list[Received] = []
        self.cut_off = 0
        self._turns = [Answer(turn) if isinstance(turn, str) else turn for turn in turns]
        self._ends = ends
        self._respond = respond or self._next_turn
        self._failures: list[Exception] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> ProtocolServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()
        if self._failures and kind is None:
            raise self._failures[0]

    async def until_cut_off(self, count: int = 1) -> None:
        """Wait until `count` clients went away before their answer was whole."""
        end = time.monotonic() + 5
        while self.cut_off < count:
            assert time.monotonic() < end, f'{self.cut_off} clients went away, not {count}'
            await asyncio.sleep(0.01)

    def _next_turn(self, _: dict[str, Any]) -> Turn:
        if not self._turns:
            return status(500, 'the script has ended')
        return self._turns.pop(0) if self._ends or len(self._turns) > 1 else self._turns[0]

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._meet, '127.0.0.1', 0)
        self.url = f'http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1'
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What is drained is then with the system, and a client that does not read is waited for.
        writer.transport.set_write_buffer_limits(0)
        tasks: list[asyncio.Future] = []
        try:
            request = await _read(reader)
            self.requests.append(request)
            answer = asyncio.ensure_future(self._answer(request, writer))
            tasks = [answer, asyncio.ensure_future(reader.read(1))]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self.cut_off += not answer.done()
            if answer.done():
                answer.result()
        except asyncio.IncompleteReadError as error:
            self.cut_off += bool(error.partial)
        except ConnectionError:
            self.cut_off += 1
        except Exception as error:
            self._failures.append(error)
        finally:
            writer.transport.abort()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        turn = (self._respond(request.body) if request.path == '/v1/chat/completions'
                else _PAGES.get(request.path) or status(404, f'nothing at {request.path}'))
        await asyncio.sleep(turn.wait)
        pieces = turn.pieces(request.body)
        if pieces is None:
            return
        kind = 'text/event-stream' if request.body.get('stream') else 'application/json'
        head = {'content-type': turn.kind or kind, 'transfer-encoding': 'chunked',
                'connection': 'close', **turn.headers}
        writer.write('\r\n'.join([f'HTTP/1.1 {turn.code} -', *map(': '.join, head.items()),
                                  '\r\n']).encode())
        out, faulty = 0, turn.at is not None
        for piece, characters in pieces:
            if faulty and out >= turn.at:
                if isinstance(turn.fault, str):
                    break
                faulty = False
                await asyncio.sleep(turn.fault)
            await asyncio.sleep(turn.drip)
            writer.write(b'%x\r\n%b\r\n' % (len(piece), piece))
            await writer.drain()
            out += characters
        if not (faulty and turn.fault == 'cut'):
            writer.write(b'0\r\n\r\n')
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Received:
    first, *lines = (await reader.readuntil(b'\r\n\r\n')).decode('latin-1').split('\r\n')
    pairs = (line.partition(':') for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get('content-length', 0)))
    return Received(first.split(' ')[1], headers, json.loads(body or b'{}'), time.monotonic())


def _cut(whole: Any, size: int = 8) -> Iterator[Any]:
    if not isinstance(whole, (str, bytes)):
        return iter(whole)
    return (whole[start:start + size] for start in range(0, len(whole), size))


def _call(name: str | None, arguments: str, **more: Any) -> dict[str, Any]:
    return {**more, 'function': {'arguments': arguments, **({'name': name} if name else {})}}
