"""An interpreter for the few BPF instructions of the system call filter."""

from __future__ import annotations

from collections.abc import Sequence
import struct

LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06


def verdict(program: Sequence, architecture: int, number: int, arguments: Sequence[int] = ()
            ) -> int:
    """What the filter returns for one system call, as the kernel would run it."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack('<IIQ6Q', number, architecture, 0,
                       *(argument & 0xFFFFFFFFFFFFFFFF for argument in given))
    at = accumulator = 0
    while True:
        one = program[at]
        at += 1
        if one.code == LOAD:
            accumulator, = struct.unpack_from('<I', data, one.value)
        elif one.code == AND:
            accumulator &= one.value
        elif one.code in (EQUAL, AT_LEAST):
            holds = (accumulator == one.value if one.code == EQUAL
                     else accumulator >= one.value)
            at += one.yes if holds else one.no
        elif one.code == RETURN:
            return one.value
        else:
            raise AssertionError(f"instruction {one.code:#x} is not one of the filter's")
