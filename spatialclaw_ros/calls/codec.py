"""Requests and replies as bytes, their arrays beside them.

Structure travels as MessagePack with known dataclasses only; nothing is unpickled. Arrays travel
as places in memory: host to kernel as sealed memfds (`encode`, `decode`), kernel to host through
an arena that the host made and bounds-checks (`encode_into`, `decode_from`). Every decoded value
is checked against the annotations of its dataclass, since the other end may be hostile.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import enum
import functools
import math
import types
import typing
from typing import Any

import msgpack
import numpy as np

from spatialclaw_ros.calls import requests
from spatialclaw_ros.findings import answer
from spatialclaw_ros.findings import uncertainty
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.memory import seal
from spatialclaw_ros.memory import SealedMemory
from spatialclaw_ros.memory import SharedArray
import spatialclaw_ros.scene as scene

_TYPE, _ARRAY = '~type', '~array'
_DTYPES = 'biuf'
_ALIGNMENT = 64


class CodecError(ValueError):
    """A message that cannot be what it claims to be."""


def _dataclasses_of(*modules: types.ModuleType) -> dict[str, type]:
    return {name: cls for module in modules for name, cls in vars(module).items()
            if isinstance(cls, type) and dataclasses.is_dataclass(cls)}


_KNOWN = _dataclasses_of(scene, uncertainty, answer, requests) | {'DepthNoise': DepthNoise}


def encode(message: Any) -> tuple[bytes, list[SealedMemory]]:
    """Encode `message` with its arrays in sealed memory; send the descriptors along, in order.

    A `SharedArray` is sent where it lies; all others are copied once into one new memory.
    """
    memories: dict[SealedMemory, int] = {}
    loose: list[np.ndarray] = []
    places: list[list[Any]] = []

    def place(array: np.ndarray) -> list[Any]:
        head = [array.dtype.str, list(array.shape)]
        if isinstance(array, SharedArray) and array.memory is not None:
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


def decode(data: bytes, fds: Sequence[int]) -> Any:
    """Decode what `encode` made; takes ownership of `fds` and maps them privately."""
    memories = [SealedMemory(fd) for fd in fds]

    def find(dtype: np.dtype[Any], shape: tuple[int, ...], index: int, offset: int) -> np.ndarray:
        if not math.prod(shape):
            return np.empty(shape, dtype)
        return memories[index].array(offset, shape, dtype)

    return _from_tree(_unpack(data), find)


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

    return _from_tree(_unpack(data), find)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _unpack(data: bytes) -> Any:
    try:
        return msgpack.unpackb(data, strict_map_key=False, use_list=False)
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
    hints = _hints(cls)
    for name, value in values.items():
        if name not in hints or not _fits(value, hints[name]):
            raise CodecError(f'{cls.__name__}.{str(name)[:40]} cannot be {str(value)[:80]!r}')
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise CodecError(f'{cls.__name__}: {error}') from error


def _array_from(place: Any, find: Callable[..., np.ndarray]) -> np.ndarray:
    try:
        code, shape, index, offset = place
        dtype = np.dtype(code)
        if dtype.kind not in _DTYPES or any(
                not isinstance(n, int) or n < 0 for n in (*shape, index, offset)):
            raise CodecError(f'bad array {place}')
        return find(dtype, shape, index, offset)
    except CodecError:
        raise
    except (TypeError, ValueError, IndexError) as error:
        raise CodecError(f'bad array {str(place)[:80]}: {error}') from error


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _fits(value: Any, hint: Any) -> bool:
    return _checker(hint)(value)


@functools.cache
def _checker(hint: Any) -> Callable[[Any], bool]:
    """Whether a value may stand where a field has the type `hint`."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return lambda _value: True
    if origin in (typing.Union, types.UnionType):
        choices = [_checker(arg) for arg in args]
        return lambda value: any(fits(value) for fits in choices)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        fits_item = _checker(args[0])
        return lambda value: isinstance(value, tuple) and all(map(fits_item, value))
    if origin is tuple:
        parts = [_checker(arg) for arg in args]
        return lambda value: (isinstance(value, tuple) and len(value) == len(parts)
                              and all(fits(item) for fits, item in zip(parts, value, strict=True)))
    if origin is dict:
        fits_key, fits_value = map(_checker, args)
        return lambda value: isinstance(value, dict) and all(
            fits_key(key) and fits_value(item) for key, item in value.items())
    if hint is float:
        return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if hint is type(None):
        return lambda value: value is None
    return lambda value: isinstance(value, origin or hint)
