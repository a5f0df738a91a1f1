"""Arrays in sealed shared memory: one copy in, then mapped by any process without another.

A memfd is filled, sealed against write, shrink and grow, and mapped privately wherever it is
read. Whoever maps it may write to its own pages; nobody else sees that.
"""

from __future__ import annotations

from collections.abc import Sequence
import fcntl
import math
import mmap
import os
from typing import Any
import weakref

import numpy as np

_ALIGNMENT = 64
#: What a memfd is sealed against: everything, further seals included.
SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class SealedMemory:
    """One sealed memfd and its private mapping; the descriptor closes with the last user."""

    def __init__(self, fd: int) -> None:
        """Take ownership of `fd`, a memfd that is already filled and sealed."""
        self.fd = fd
        self.size = os.fstat(fd).st_size
        self._finalizer = weakref.finalize(self, os.close, fd)
        self._map: mmap.mmap | None = None

    @property
    def map(self) -> mmap.mmap:
        """Private (copy-on-write) mapping of the whole memory, made on first use."""
        if self._map is None:
            self._map = mmap.mmap(self.fd, self.size, flags=mmap.MAP_PRIVATE)
        return self._map

    def array(self, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> SharedArray:
        """View of the memory as an array of `shape` and `dtype` starting at byte `offset`.

        Raises ValueError when the view would reach beyond the memory.
        """
        length = math.prod(shape) * dtype.itemsize
        if offset < 0 or length < 0 or offset + length > self.size:
            raise ValueError(
                f'array of {length} bytes at offset {offset} does not fit in {self.size} bytes')
        if length == 0:
            return np.empty(shape, dtype).view(SharedArray)
        view = SharedArray(shape, dtype, self.map, offset)
        view.memory, view.offset = self, offset
        return view


class SharedArray(np.ndarray):
    """An ndarray that lives in sealed memory, so that it can be sent without a copy.

    Slices and results of arithmetic are plain data: their `memory` is None.
    """

    memory: SealedMemory | None
    offset: int

    def __array_finalize__(self, parent: Any) -> None:
        """Views made by numpy do not inherit the place in memory."""
        self.memory, self.offset = None, 0


def seal(arrays: Sequence[np.ndarray], name: str = 'spatialclaw') -> list[SharedArray]:
    """Copy `arrays` once into one sealed memfd and return them as views of it, in order."""
    contiguous = [np.ascontiguousarray(array) for array in arrays]
    offsets, size = [], 0
    for array in contiguous:
        offsets.append(size)
        size += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, max(size, 1))
        for array, offset in zip(contiguous, offsets, strict=True):
            _write_all(fd, array, offset)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    except BaseException:
        os.close(fd)
        raise
    memory = SealedMemory(fd)
    return [memory.array(offset, array.shape, array.dtype)
            for array, offset in zip(contiguous, offsets, strict=True)]


def _write_all(fd: int, array: np.ndarray, offset: int) -> None:
    data = memoryview(array.reshape(-1).view(np.uint8).data) if array.nbytes else memoryview(b'')
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written
