"""What may stand in the fields of a message, by their annotations."""

from __future__ import annotations

from collections.abc import Callable
import functools
import types
import typing
from typing import Any


@functools.cache
def hints_of(cls: type) -> dict[str, Any]:
    """Types of the fields of dataclass `cls`."""
    return typing.get_type_hints(cls)


def fits(value: Any, hint: Any) -> bool:
    """Whether `value` may stand where a field has the type `hint`."""
    return _checker(hint)(value)


@functools.cache
def _checker(hint: Any) -> Callable[[Any], bool]:
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
