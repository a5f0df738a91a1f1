"""Requests and replies as bytes, their arrays beside them.

Structure travels as MessagePack with known dataclasses only; nothing is unpickled. Arrays travel
as places in memory: between processes that trust one another as sealed memfds (`encode`,
`decode`), kernel to host through an arena that the host made and bounds-checks (`encode_into`,
`decode_from`), to another machine one after the other (`encode_apart`; `decode` takes them in one
memfd). Every decoded value is checked against the annotations of its dataclass, since the other
end may be hostile.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import enum
import math
import re
import reprlib
import types
from typing import Any

import msgpack
import numpy as np

from spatialclaw_ros.calls import requests
from spatialclaw_ros.calls.fields import fits
from spatialclaw_ros.calls.fields import hints_of
from spatialclaw_ros.findings import answer
from spatialclaw_ros.findings import uncertainty
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.memory import seal
from spatialclaw_ros.memory import SealedMemory
from spatialclaw_ros.memory import SharedArray
import spatialclaw_ros.scene as scene

_TYPE, _ARRAY = '~type', '~array'
_DTYPES = 'biuf'
_DTYPE = re.compile(rf'[<>|=]?[{_DTYPES}]\d{{1,2}}')
_MOST_DIMENSIONS = 8
_ALIGNMENT = 64


class CodecError(ValueError):
    """A message that cannot be what it claims to be."""


def _dataclasses_of(*modules: types.ModuleType) -> dict[str, type]:
    return {name: cls for module in modules for name, cls in vars(module).items()
            if isinstance(cls, type) and dataclasses.is_dataclass(cls)}


_KNOWN = _dataclasses_of(scene, uncertainty, answer, requests) | {'DepthNoise': DepthNoise}


def schema() -> str:
    """All messages with their fields, as text: both ends of a line must have the same."""
    return '\n'.join(
        f'{name}({", ".join(f"{field.name}: {field.type}" for field in dataclasses.fields(cls))})'
        for name, cls in sorted(_KNOWN.items()))


def encode(message: Any, *, where_they_lie: bool = True) -> tuple[bytes, list[SealedMemory]]:
    """Encode `message` with its arrays in sealed memory; send the descriptors along, in order.

    A `SharedArray` is sent where it lies, unless told otherwise: what has been written to it here
    is then not seen. All others are copied once into one new memory.
    """
    memories: dict[SealedMemory, int] = {}
    loose: list[np.ndarray] = []
    places: list[list[Any]] = []

    def place(array: np.ndarray) -> list[Any]:
        head = [array.dtype.str, list(array.shape)]
        if where_they_lie and isinstance(array, SharedArray) and array.memory is not None:
            return [*head, memories.setdefault(array.memory, len(memories)), array.offset]
        loose.append(array)
        places.append(head)
        return head

    tree = _to_tree(message, place)
    if loose:
        sealed = seal(loose)
        memory = next((array.memory for array in sealed if array.memory is not None), None)
        if memory is not None:
            memories[memory] = len(memories)
        for head, array in zip(places, sealed, strict=True):
            head += [max(len(memories) - 1, 0), array.offset]
    return msgpack.packb(tree), list(memories)


def encode_apart(message: Any) -> tuple[bytes, list[memoryview]]:
    """Encode `message` with its arrays beside it, as pieces of bytes that follow one another.

    An array that is in it twice is sent once. In one sealed memfd they are what `decode` takes.
    """
    places: dict[int, list[Any]] = {}
    pieces: list[memoryview] = []
    end = 0

    def place(array: np.ndarray) -> list[Any]:
        nonlocal end
        if id(array) not in places:
            places[id(array)] = [array.dtype.str, list(array.shape), 0, end]
            if array.nbytes:
                flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
                padding = _aligned(array.nbytes) - array.nbytes
                pieces.extend([flat.data, memoryview(bytes(padding))] if padding else [flat.data])
                end += _aligned(array.nbytes)
        return places[id(array)]

    return msgpack.packb(_to_tree(message, place)), pieces


def decode(data: bytes, fds: Sequence[int]) -> Any:
    """Decode what `encode` made; takes ownership of `fds` and maps them privately.

    Raises CodecError for what no message can be.
    """
    memories = [SealedMemory(fd) for fd in fds]

    def find(dtype: np.dtype[Any], shape: tuple[int, ...], index: int, offset: int) -> np.ndarray:
        if not math.prod(shape):
            return np.empty(shape, dtype)
        return memories[index].array(offset, shape, dtype)

    return _read(data, find)


def room_for(message: Any) -> int:
    """Bytes of arena that `encode_into` needs for the arrays of `message`."""
    room = 0

    def place(array: np.ndarray) -> list[Any]:
        nonlocal room
        room += _aligned(array.nbytes)
        return []

    _to_tree(message, place)
    return room


def encode_into(message: Any, arena: memoryview) -> bytes:
    """Encode `message` with its arrays copied into `arena`, from its start.

    Raises CodecError when they do not fit.
    """
    used = 0

    def place(array: np.ndarray) -> list[Any]:
        nonlocal used
        offset, used = used, used + _aligned(array.nbytes)
        if used > len(arena):
            raise CodecError(
                f'the arrays of one message exceed {len(arena) / 2**20:.0f} MB; send fewer or '
                'smaller images at once')
        if array.nbytes:
            target = np.frombuffer(arena, np.uint8, array.nbytes, offset)
            target[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        return [array.dtype.str, list(array.shape), 0, offset]

    return msgpack.packb(_to_tree(message, place))


def decode_from(data: bytes, arena: memoryview) -> Any:
    """Decode what `encode_into` made; arrays are copied out, every place is bounds-checked."""

    def find(dtype: np.dtype[Any], shape: tuple[int, ...], _index: int, offset: int) -> np.ndarray:
        length = math.prod(shape) * dtype.itemsize
        if offset < 0 or length < 0 or offset + length > len(arena):
            raise CodecError(f'array of {length} bytes at {offset} lies outside the arena')
        return np.frombuffer(bytes(arena[offset:offset + length]), dtype).reshape(shape)

    return _read(data, find)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _read(data: bytes, find: Callable[..., np.ndarray]) -> Any:
    try:
        return _from_tree(msgpack.unpackb(data, strict_map_key=False, use_list=False), find)
    except CodecError:
        raise
    except RecursionError as error:
        raise CodecError('not a message: it is nested too deeply') from error
    except Exception as error:
        raise CodecError(f'not a message: {error}') from error


def _to_tree(value: Any, place: Callable[[np.ndarray], list[Any]]) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in _DTYPES:
            raise CodecError(f'arrays of {value.dtype} cannot be sent; numbers and bools can')
        return {_ARRAY: place(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        if _KNOWN.get(name) is not type(value):
            raise CodecError(f'{name} is no message type')
        fields = {f.name: _to_tree(getattr(value, f.name), place)
                  for f in dataclasses.fields(value)}
        return {_TYPE: name, **fields}
    if isinstance(value, (list, tuple)):
        return [_to_tree(item, place) for item in value]
    if isinstance(value, dict):
        return {key: _to_tree(item, place) for key, item in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, str):
        return value.encode('utf-8', 'replace').decode()
    return value


def _from_tree(tree: Any, find: Callable[..., np.ndarray]) -> Any:
    if isinstance(tree, tuple):
        return tuple(_from_tree(item, find) for item in tree)
    if not isinstance(tree, dict):
        return tree
    if _ARRAY in tree:
        return _array_from(tree[_ARRAY], find)
    if _TYPE not in tree:
        return {key: _from_tree(item, find) for key, item in tree.items()}
    cls = _KNOWN.get(tree[_TYPE]) if isinstance(tree[_TYPE], str) else None
    if cls is None:
        raise CodecError(f'unknown message type {str(tree[_TYPE])[:80]!r}')
    values = {key: _from_tree(item, find) for key, item in tree.items() if key != _TYPE}
    hints = hints_of(cls)
    for name, value in values.items():
        if name not in hints or not fits(value, hints[name]):
            raise CodecError(
                f'{cls.__name__}.{_shown(name)[:40]} cannot be {_shown(value)[:80]}')
    try:
        return cls(**values)
    except Exception as error:  # a field's value may be of a kind that its check did not expect
        raise CodecError(f'{cls.__name__}: {error}') from error


def _array_from(place: Any, find: Callable[..., np.ndarray]) -> np.ndarray:
    try:
        code, shape, index, offset = place
        if not _DTYPE.fullmatch(code) or len(shape) > _MOST_DIMENSIONS or any(
                not isinstance(n, int) or n < 0 for n in (*shape, index, offset)):
            raise CodecError(f'bad array {_shown(place)[:80]}')
        return find(np.dtype(code), shape, index, offset)
    except CodecError:
        raise
    except (TypeError, ValueError, IndexError) as error:
        raise CodecError(f'bad array {_shown(place)[:80]}: {error}') from error


def _shown(value: Any) -> str:
    """What came, in few words however much it is."""
    return reprlib.repr(value)
