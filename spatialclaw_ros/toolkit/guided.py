"""Unknown names answered with the nearest real one, everywhere in the toolkit."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
import difflib
import functools
import inspect
import types
from typing import Any
from typing import TypeVar

T = TypeVar('T')
F = TypeVar('F', bound=Callable[..., Any])


def nearest_name(name: str, names: Iterable[str]) -> str:
    """`'; did you mean …?'` for the closest of `names`, or the first few of them."""
    public = {candidate.casefold(): candidate for candidate in names
              if not candidate.startswith('_')}
    asked = name.casefold()
    close = difflib.get_close_matches(asked, public, 1, 0.55) or [
        candidate for candidate in public
        if len(asked) > 2 and (asked in candidate or candidate in asked)]
    if close:
        return f'; did you mean {public[close[0]]!r}?'
    return f'; there are {", ".join(sorted(public.values())[:30])}' if public else ''


def unknown_attribute(owner: object, name: str) -> AttributeError:
    """The error to raise for attribute `name`, which `owner` does not have."""
    if name.startswith('__'):
        return AttributeError(name)
    title = getattr(owner, 'title', None) if isinstance(owner, types.ModuleType) else None
    return AttributeError(
        f'{title or type(owner).__name__} has no attribute {name!r}'
        f'{nearest_name(name, dir(owner))}')


def guided_function(function: F) -> F:
    """`function` with an unknown keyword refused by a message that names the nearest one."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return function
    known = [name for name in parameters if name != 'self']

    @functools.wraps(function)
    def checked(*args: Any, **keywords: Any) -> Any:
        for name in keywords:
            if name not in parameters:
                shown = ', '.join(str(parameters[k]) for k in known).replace("'", '')
                raise TypeError(
                    f'{function.__name__}() has no keyword {name!r}{nearest_name(name, known)} '
                    f'Call it as {function.__name__}({shown})')
        return function(*args, **keywords)

    return checked  # type: ignore[return-value]


def guided(cls: type[T]) -> type[T]:
    """Class decorator: unknown attributes and keywords of public methods name the nearest."""
    for name, member in list(vars(cls).items()):
        if name.startswith('_') and name != '__init__':
            continue
        if isinstance(member, types.FunctionType):
            setattr(cls, name, guided_function(member))
        elif isinstance(member, (staticmethod, classmethod)):
            setattr(cls, name, type(member)(guided_function(member.__func__)))

    def missing(self: object, name: str) -> Any:
        raise unknown_attribute(self, name)

    cls.__getattr__ = missing  # type: ignore[attr-defined]
    return cls
