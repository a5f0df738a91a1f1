"""What a cell prints: streamed while it runs, kept in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Callable


def clip(text: str, most: int) -> str:
    """`text`, or its first and last halves of `most` characters with the cut stated."""
    if len(text) <= most:
        return text
    half = most // 2
    return f'{text[:half]}{cut_line(len(text) - 2 * half, "characters")}{text[-half:]}'


def cut_line(count: int, unit: str) -> str:
    """The line that stands for what was left out."""
    return f'\n[… {count} {unit} cut …]\n'


class Output:
    """Collects the bytes of one cell's output: head and tail, never more than the cap.

    `on_text` gets the text as it comes, as far as the head reaches, and then once the news that
    no more of it is streamed.
    """

    def __init__(self, most: int, on_text: Callable[[str], None]) -> None:
        """Keep at most `most` bytes in all."""
        self._half = max(most // 2, 1)
        self._on_text = on_text
        self._decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self._head = bytearray()
        self._tail = bytearray()
        self._tail_length = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            text = self._decoder.decode(data[:room])
            if text:
                self._on_text(text)
            data = data[room:]
        if not data:
            return
        if not self._tail_length:
            self._on_text(f'\n[… over {self._half} bytes of output: the rest is not streamed …]\n')
        self._tail_length += len(data)
        self._tail += data
        if len(self._tail) > 2 * self._half:
            del self._tail[:-self._half]

    def text(self) -> str:
        """All that is kept, the cut stated."""
        tail = self._tail[-self._half:]
        cut = self._tail_length - len(tail)
        if not cut:
            return (self._head + tail).decode('utf-8', 'replace')
        return (self._head.decode('utf-8', 'replace') + cut_line(cut, 'bytes')
                + tail.decode('utf-8', 'replace'))
