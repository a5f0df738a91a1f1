"""From what a question asks for to the things of this scene it asks about."""

from __future__ import annotations

from dataclasses import replace
import functools

from spatialclaw_ros.agent.recipes import nouns
from spatialclaw_ros.agent.recipes.names import Names
from spatialclaw_ros.agent.recipes.names import words_of
from spatialclaw_ros.agent.recipes.queries import Angle
from spatialclaw_ros.agent.recipes.queries import Compare
from spatialclaw_ros.agent.recipes.queries import Count
from spatialclaw_ros.agent.recipes.queries import Direction
from spatialclaw_ros.agent.recipes.queries import Distance
from spatialclaw_ros.agent.recipes.queries import Exists
from spatialclaw_ros.agent.recipes.queries import Height
from spatialclaw_ros.agent.recipes.queries import Name
from spatialclaw_ros.agent.recipes.queries import Position
from spatialclaw_ros.agent.recipes.queries import Query
from spatialclaw_ros.agent.recipes.queries import Size
from spatialclaw_ros.agent.recipes.queries import Support
from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.agent.recipes.queries import Which
from spatialclaw_ros.agent.recipes.reading import read
from spatialclaw_ros.agent.recipes.reading import Uncovered
from spatialclaw_ros.findings.errors import Ambiguous
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.errors import Unanswerable

FAMILIES = (
    'distance (closest, between centres, gap along an axis, from the camera or the robot), '
    'position in a frame, height, width, length or size, left/right/in front/behind/above/below, '
    'nearest, second nearest, farthest, tallest or biggest of several, how many, is there any, is '
    'A on B, tilt or lean, height of the camera or of an object above its support')
NO_MODEL = ('other questions need a vision-language model, and none is configured '
            "(--model-url, or the node's model.url)")


def interpret(text: str, names: Names) -> Query:
    """What `text` asks about the things of `names`.

    Raises Unanswerable where a word of it is in no family or belongs to no name, UnknownObject
    and Ambiguous where a name resolves to none or several.
    """
    try:
        readings = read(text, map(words_of, names.known or ()))
    except Uncovered as error:
        raise Unanswerable(
            f'the question is not covered by the recipes: {error}. They know: {FAMILIES}; '
            f'{NO_MODEL}') from error
    errors: list[SpatialError] = []
    for reading in readings:
        try:
            return resolve(reading, names)
        except SpatialError as error:
            errors.append(error)
    raise next((error for error in errors if isinstance(error, Ambiguous)), errors[0])


@functools.singledispatch
def resolve(query: Query, _names: Names) -> Query:
    """`query` with every name resolved to a known one; raises SpatialError where it cannot."""
    raise TypeError(f'{type(query).__name__} is no query')


def _thing(thing: Thing, names: Names) -> Thing:
    if thing.kind != 'name':
        return thing
    return replace(thing, kind='region', label=names.one(thing.name))


def _surface(thing: Thing | None, names: Names) -> Thing | None:
    if thing is None or thing.kind != 'name':
        return thing
    label = names.surface(thing.name)
    if label is None:
        return replace(thing, kind='surface', label=str(thing.name))
    return replace(thing, kind='region', label=label)


def _line(thing: Thing, names: Names) -> Thing:
    if thing.kind != 'name':
        return thing
    last = nouns.singular(thing.name.words[-1])
    found = (_surface(thing, names) if last in nouns.SURFACES | nouns.SURFACE_SUFFIXES
             else _thing(thing, names))
    assert found is not None
    return found


def _different(*things: Thing | None) -> None:
    """Raise Unanswerable when one thing is asked about against itself."""
    said = [(thing.kind, thing.label) for thing in things if thing]
    for thing, key in zip((t for t in things if t), said, strict=True):
        if said.count(key) > 1:
            raise Unanswerable(f'{thing} cannot be measured against itself')


@resolve.register
def _(query: Distance, names: Names) -> Query:
    if query.both is not None:
        labels = names.two(query.both.name)
        a, b = (Thing('region', query.both.name, label=label) for label in labels)
        return replace(query, a=a, b=b)
    assert query.a is not None and query.b is not None
    a, b = _line(query.a, names), _line(query.b, names)
    _different(a, b)
    return replace(query, a=a, b=b)


@resolve.register
def _(query: Position, names: Names) -> Query:
    return replace(query, thing=_thing(query.thing, names),
                   frame=names.frame(query.frame) if query.frame else '')


@resolve.register
def _(query: Size, names: Names) -> Query:
    return replace(query, thing=_thing(query.thing, names))


@resolve.register
def _(query: Height, names: Names) -> Query:
    thing, surface = _thing(query.thing, names), _surface(query.surface, names)
    _different(thing, surface)
    return replace(query, thing=thing, surface=surface)


@resolve.register
def _(query: Direction, names: Names) -> Query:
    a, b = _thing(query.a, names), _thing(query.b, names)
    _different(a, b)
    for thing in (a, b):
        if thing.kind != 'region':
            raise Unanswerable(f'a direction needs a region or label for {thing}; ask for a '
                               'position in its frame, or give a region')
    return replace(query, a=a, b=b)


@resolve.register
def _(query: Which, names: Names) -> Query:
    reference = _thing(query.reference, names) if query.reference else None
    surface = _surface(query.surface, names)
    if query.both is not None:
        among = tuple(Thing('region', query.both.name, label=label)
                      for label in names.two(query.both.name))
    elif query.among:
        among = tuple(_thing(thing, names) for thing in query.among)
    else:
        assert query.kind is not None
        taken = {thing.label for thing in (reference, surface) if thing}
        among = tuple(Thing('region', Name(tuple(label.split())), label=label)
                      for label in names.of_kind(query.kind, query.context) if label not in taken)
    if len(among) < max(query.place, 2):
        raise Unanswerable(
            (f'only {", ".join(thing.label for thing in among)} has a name here; ' if among
             else 'nothing has a name here; ')
            + 'give regions for everything to choose from')
    _different(*among, reference)
    return replace(query, among=among, reference=reference, surface=surface)


@resolve.register
def _(query: Compare, names: Names) -> Query:
    a, b = _thing(query.a, names), _thing(query.b, names)
    reference = _thing(query.reference, names) if query.reference else None
    _different(a, b, reference)
    return replace(query, a=a, b=b, reference=reference)


@resolve.register
def _(query: Count, names: Names) -> Query:
    return replace(query, labels=names.of_kind(query.kind, query.context))


@resolve.register
def _(query: Exists, names: Names) -> Query:
    return replace(query, labels=names.of_kind(query.kind))


@resolve.register
def _(query: Support, names: Names) -> Query:
    a, b = _thing(query.a, names), _surface(query.b, names)
    assert b is not None
    _different(a, b)
    return replace(query, a=a, b=b)


@resolve.register
def _(query: Angle, names: Names) -> Query:
    a = _line(query.a, names)
    default = Thing('horizontal' if a.kind == 'surface' else 'vertical')
    b = _line(query.b, names) if query.b else default
    _different(a, b)
    return replace(query, a=a, b=b)
