"""Noun phrases of a parse tree: which thing, which part of it, seen from where."""

from __future__ import annotations

from collections.abc import Iterable

from spatialclaw_ros.agent.recipes.nouns import EVERYWHERE
from spatialclaw_ros.agent.recipes.nouns import singular
from spatialclaw_ros.agent.recipes.queries import Name
from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.agent.recipes.tree import Contradiction
from spatialclaw_ros.agent.recipes.tree import Node

_PARTS = {'nearest_point': 'nearest', 'centre_point': 'centre', 'top_point': 'top',
          'bottom_point': 'bottom'}


def stand(node: Node) -> str:
    """Who looks, 'camera' or 'robot', of a viewpoint."""
    inner = node.first('viewpoint', 'image_view')
    if inner is not None:
        return stand(inner)
    return 'robot' if node.has('robot') else 'camera'


def name_of(node: Node) -> Name:
    """The noun phrase of a `name`."""
    phrases = [phrase.words for phrase in node.all('words')]
    place = node.first('locative')
    return Name(phrases[0], phrases[1] if len(phrases) > 1 else (),
                place.words if place else (), context_of(node))


def context_of(node: Node) -> tuple[str, ...]:
    """What a thing is in or on, ("table",); nothing where that is the whole scene."""
    context = node.first('context', 'context_holder')
    words = context.need('words').words if context else ()
    return () if EVERYWHERE.issuperset(words) else words


def thing_of(node: Node) -> Thing:
    """The thing under a rule that holds one, directly or as a `thing`."""
    node = node.first('thing') or node
    part = next((_PARTS[mark] for mark in node.marks if mark in _PARTS), '')
    if node.has('camera', 'camera_subject'):
        return Thing('camera', part=part)
    if node.has('robot'):
        return Thing('robot', part=part)
    return Thing('name', name_of(node.need('name')), part)


def surface_of(node: Node) -> Thing | None:
    """The surface a height is above; None: whatever supports the thing."""
    if node.has('own_support'):
        return None
    surface = node.first('surface')
    return thing_of(surface) if surface else None


def two_of(node: Node) -> Name:
    """The noun of "the two Xs", "both Xs" and "the Xs"."""
    words = node.need('words').words
    if node.has('twice') or (words[0] != 'two' and singular(words[-1]) != words[-1]):
        return Name(words)
    if words[0] != 'two' or len(words) < 2:
        raise Contradiction
    return Name(words[1:])


def ranked_things(things: Iterable[Thing], rank: str) -> tuple[Thing, ...]:
    """The things compared; raises Contradiction for a part that the rank is not of."""
    known = {'near': ('', 'nearest'), 'far': ('', 'nearest'), 'high': ('', 'top'),
             'low': ('', 'top')}.get(rank, ('',))
    found = tuple(things)
    if any(thing.part not in known for thing in found):
        raise Contradiction
    return found
