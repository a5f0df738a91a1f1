"""A workshop that knows nothing: preloaded by the nursery in the kernel's tests."""

from __future__ import annotations

import os
import sys

import numpy as np


class Stop(BaseException):
    pass


class Workshop:
    stop = Stop

    def __init__(self, opening: bytes, fds: list[int], call) -> None:
        self.ends = 0
        self.namespace = {
            'np': np, 'opening': opening.decode(), 'fds': fds, 'call': self._call, 'Stop': Stop,
            'os_': os, 'sys_': sys, 'workshop': self,
            'contents': [os.pread(fd, 100, 0).rstrip(bytes(1)).decode() for fd in fds]}
        self._send = call

    def _call(self, text: str, array: np.ndarray | None = None):
        def write(arena: memoryview) -> bytes:
            if array is not None:
                np.frombuffer(arena, array.dtype, array.size)[:] = array.ravel()
            return text.encode()
        return self._send(write)

    def summarize(self, name: str, value: object) -> str | None:
        return None if callable(value) else f'{type(value).__name__} {value!r}'

    def after_cell(self) -> None:
        self.ends += 1


def open_workshop(opening: bytes, fds: list[int], call) -> Workshop:
    if opening == b'fail':
        raise ValueError('nothing in this opening')
    return Workshop(opening, fds, call)
