"""The frames a query was asked about, kept whole in one file beside its transcript.

The file is gzip of: a line that names the format, the length of the head (8 bytes), the head, and
the arrays. Head and arrays are those of `calls.codec`, so nothing is unpickled. gzip's checksum
tells a file that was cut or damaged from a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import functools
import gzip
import logging
from pathlib import Path
import struct
from typing import Any
import zlib

import numpy as np

from spatialclaw_ros.agent.transcript import UnreadableRecord
from spatialclaw_ros.calls.codec import CodecError
from spatialclaw_ros.calls.codec import decode_from
from spatialclaw_ros.calls.codec import encode_into
from spatialclaw_ros.calls.codec import room_for
from spatialclaw_ros.kernel.outcome import Limits
from spatialclaw_ros.scene import FrameWindow

#: Name of the file in the folder of a transcript.
FILE = 'window.gz'
_FORMAT = b'spatialclaw window 1\n'
_LENGTH = struct.Struct('<Q')
#: The fastest level: depth shrinks to about half with any.
_LEVEL = 1
#: How long an answer waits for its frames to be written, seconds.
_PATIENCE = 0.2
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Kept:
    """What the cells of a query had before them.

    `reference_images` (H, W, 3) uint8 came with the question, `has_model` says whether `vlm`
    worked, `cell_seconds` was the limit of one cell. `reconstruct` and `segment` name the engines
    that answered; empty in an older record.
    """

    window: FrameWindow
    reference_images: tuple[np.ndarray, ...] = ()
    has_model: bool = False
    cell_seconds: float = Limits.cell_seconds
    reconstruct: str = ''
    segment: str = ''


def keep(folder: Path, kept: Kept) -> None:
    """Write what the cells can see to `folder`; raises OSError.

    The file appears only when it is whole. At VGA it takes some 20 ms and 0.8 MB a frame.
    """
    message = vars(kept)
    arrays = memoryview(bytearray(room_for(message)))
    head = encode_into(message, arrays)
    part = folder / f'{FILE}.part'
    try:
        with part.open('wb') as raw, gzip.GzipFile('', 'wb', _LEVEL, raw, mtime=0) as file:
            for piece in (_FORMAT, _LENGTH.pack(len(head)), head, arrays):
                file.write(piece)
        part.rename(folder / FILE)
    finally:
        part.unlink(missing_ok=True)


@asynccontextmanager
async def keeping(folder: Path | None, kept: Kept) -> AsyncIterator[None]:
    """Do `keep` in a thread while the body runs; None keeps nothing.

    Where the disk is full the log says so: an answer is worth more than its record. After the body
    it is waited for only so long as nobody feels it; the thread goes on to its end.
    """
    if folder is None:
        yield
        return
    writing = asyncio.ensure_future(asyncio.to_thread(keep, folder, kept))
    writing.add_done_callback(functools.partial(_tell, folder))
    try:
        yield
    finally:
        await asyncio.wait({writing}, timeout=_PATIENCE)


def _tell(folder: Path, writing: asyncio.Future[None]) -> None:
    if not writing.cancelled() and (error := writing.exception()):
        _log.warning('the frames of the query could not be kept in %s: %s', folder, error)


def read_kept(folder: Path) -> Kept:
    """What `keep` wrote to `folder`; raises UnreadableRecord naming the file."""
    path = folder / FILE
    try:
        data = gzip.decompress(path.read_bytes())
        return _checked(_decoded(memoryview(data)))
    except FileNotFoundError as error:
        raise UnreadableRecord(f'{path}: the frames were not kept with this transcript') from error
    except (OSError, EOFError, zlib.error, struct.error, CodecError) as error:
        raise UnreadableRecord(f'{path}: damaged or cut short ({error})') from error


def _decoded(data: memoryview) -> Any:
    begin = len(_FORMAT) + _LENGTH.size
    if data[:len(_FORMAT)] != _FORMAT:
        raise CodecError('it does not begin as such a file does')
    length, = _LENGTH.unpack(data[len(_FORMAT):begin])
    return decode_from(bytes(data[begin:begin + length]), data[begin + length:])


def _checked(values: Any) -> Kept:
    """`values` as what they must be; the codec has checked the window's own fields."""
    kinds = {'window': FrameWindow, 'reference_images': tuple, 'has_model': bool,
             'cell_seconds': float, 'reconstruct': str, 'segment': str}
    if not isinstance(values, dict) or 'window' not in values or not values.keys() <= kinds.keys():
        raise CodecError('it holds no window')
    for name, value in values.items():
        if not isinstance(value, kinds[name]):
            raise CodecError(f'{name} cannot be {str(value)[:80]!r}')
    return Kept(**values)
