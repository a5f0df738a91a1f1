"""From a parse tree to a query: one builder per family of the grammar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lark import Tree

from spatialclaw_ros.agent.recipes import nouns
from spatialclaw_ros.agent.recipes.phrases import context_of
from spatialclaw_ros.agent.recipes.phrases import name_of
from spatialclaw_ros.agent.recipes.phrases import ranked_things
from spatialclaw_ros.agent.recipes.phrases import stand
from spatialclaw_ros.agent.recipes.phrases import surface_of
from spatialclaw_ros.agent.recipes.phrases import thing_of
from spatialclaw_ros.agent.recipes.phrases import two_of
from spatialclaw_ros.agent.recipes.queries import Angle
from spatialclaw_ros.agent.recipes.queries import Both
from spatialclaw_ros.agent.recipes.queries import CAMERA
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
from spatialclaw_ros.agent.recipes.tree import Contradiction
from spatialclaw_ros.agent.recipes.tree import Node

_SIDES = {'left': 'left', 'right': 'right', 'in_front': 'front', 'behind': 'behind',
          'above': 'above', 'below': 'below'}
_UNITS = {'metres': 'm', 'centimetres': 'cm', 'millimetres': 'mm', 'degrees': 'deg'}
_ORDINALS = {'second': 2, 'third': 3}
_MEASURES = {'longest_horizontal': 'longest_horizontal', 'horizontal_side': 'longest_horizontal',
             'longest_side': 'longest', 'biggest_side': 'longest', 'tall': 'height',
             'wide': 'width', 'long': 'longest', 'big': 'size', 'deep': 'depth'}


def query_of(tree: Tree) -> Query:
    """The query of an unambiguous tree; raises Contradiction when its parts do not fit."""
    start = Node(tree)
    question = start.need(*_BUILDERS)
    query = _BUILDERS[question.rule](question)
    for units in (*start.all('units'), *question.all('units', 'count_of_units')):
        query = _in_unit(query, _UNITS[units.marks[0]])
    stands = {stand(node) for node in start.all('viewpoint', 'image_view')}
    if not stands:
        return query
    if len(stands) > 1 or not isinstance(query, (Direction, Which, Compare)):
        raise Contradiction
    return replace(query, viewpoint=stands.pop())


def _in_unit(query: Query, unit: str) -> Query:
    """`query` with its answer in `unit`; raises Contradiction where it has no such answer."""
    if isinstance(query, Angle) and unit == 'deg':
        return query
    if isinstance(query, Position) and unit == 'm':
        return query
    if not isinstance(query, (Distance, Size, Height)) or unit == 'deg' or query.unit not in (
            '', unit):
        raise Contradiction
    return replace(query, unit=unit)


def _distance(node: Node) -> Distance:
    marks = set(node.marks)
    pair = node.first('pair') or node
    both = pair.first('both')
    a = thing_of(pair.need('a')) if both is None else None
    b = None if a is None else CAMERA if node.rule == 'distance_from_camera' else thing_of(
        pair.need('b'))
    axis = next((word for child in node.all('axis') for word in child.words), '')
    axes = ({axis} if axis else set()) | marks & {'vertical', 'horizontal'}
    centres = bool(marks & {'between_centres', 'centre_to_centre', 'between_their_centres',
                            'centre_note'}) or any(thing and thing.part == 'centre'
                                                   for thing in (a, b))
    closest = bool(marks & {'closest_note', 'surface_to_surface'}) or any(
        thing and thing.part == 'nearest' for thing in (a, b))
    if any(thing and thing.part in ('top', 'bottom') for thing in (a, b)):
        raise Contradiction
    if len(axes) > 1 or (centres and (closest or axes)):
        raise Contradiction
    kind = 'gap' if axes else 'centres' if centres else 'closest'
    named = Both(two_of(both)) if both else None
    return Distance(a, b, kind, axes.pop() if axes else '', named)


def _position(node: Node) -> Position:
    thing = thing_of(node)
    if node.has('centre') and not thing.part:
        thing = replace(thing, part='centre')
    if thing.part == 'nearest':
        raise Contradiction
    return Position(thing, _frame(node), '')


def _coordinate(node: Node) -> Position:
    letter = node.need('axis_letter').words[0]
    return replace(_position(node), coordinate=letter)


def _frame(node: Node) -> str:
    names = [' '.join(child.words) for child in node.all('frame', 'frame_name')]
    if len(names) > 1:
        raise Contradiction
    return names[0] if names else ''


def _size(node: Node) -> Size:
    sized = node.need('sized')
    name = name_of(sized.need('name'))
    thing = Thing('name', name, 'face' if sized.has('face') else '')
    said = {_MEASURES[mark] for mark in node.marks if mark in _MEASURES}
    said |= {_MEASURES.get(mark, 'longest') for note in node.all('side_note')
             for mark in note.marks}
    if len(said) > 1 and 'longest' in said:
        said.discard('size')
        if 'longest_horizontal' in said:
            said.discard('longest')
    if len(said) != 1:
        raise Contradiction
    return Size(thing, said.pop())


def _height(node: Node) -> Height:
    if node.rule == 'camera_height':
        return Height(CAMERA)
    thing = thing_of(node.need('a', 'top_of'))
    if thing.part in ('centre', 'nearest') or (thing.kind != 'name' and thing.part):
        raise Contradiction
    return Height(thing, surface_of(node))


def _direction(node: Node) -> Direction:
    words = tuple(dict.fromkeys(_SIDES[mark] for mark in node.marks if mark in _SIDES))
    a, b = thing_of(node.need('a')), thing_of(node.need('b'))
    if a.part not in ('', 'centre') or b.part not in ('', 'centre'):
        raise Contradiction
    return Direction(a, b, words, node.rule == 'is_direction')


def _rank(node: Node) -> str:
    ranks = [mark.removesuffix('_rank') for mark in node.marks if mark.endswith('_rank')]
    if len(ranks) != 1:
        raise Contradiction
    return ranks[0]


def _reference(node: Node, rank: str) -> tuple[Thing | None, Thing | None]:
    """What the rank is measured from, and above; raises Contradiction where it cannot be."""
    references, surface = node.all('reference'), surface_of(node)
    if len(references) > 1 or (references and rank not in ('near', 'far')):
        raise Contradiction
    if surface and rank not in ('high', 'low', 'tall', 'short'):
        raise Contradiction
    measured_from = ranked_things(map(thing_of, references), rank)
    return (measured_from[0] if references else None), surface


def _place(node: Node) -> int:
    """1 for the nearest, 2 for the second nearest, and so on."""
    ordinal = node.first('ordinal')
    return _ORDINALS[ordinal.marks[0]] if ordinal else 1


def _which(node: Node) -> Which:
    rank = _rank(node)
    reference, surface = _reference(node, rank)
    listed, both = node.first('list', 'either'), node.first('both')
    among = ranked_things(map(thing_of, listed.all('thing')), rank) if listed else ()
    kind = node.first('kind')
    named = Name(kind.need('words').words) if kind else None
    if not (listed or both or kind):
        named = Name(('things',))
    return Which(rank, among, named, context_of(node), reference, surface,
                 both=Both(two_of(both)) if both else None, place=_place(node))


def _compare(node: Node) -> Compare:
    rank = _rank(node)
    reference, surface = _reference(node, rank)
    if surface or node.has('ordinal'):
        raise Contradiction
    a, b = ranked_things((thing_of(node.need('a')), thing_of(node.need('b'))), rank)
    return Compare(rank, a, b, reference)


def _count(node: Node) -> Count:
    return Count(Name(node.need('kind').need('words').words), context_of(node))


def _exists(node: Node) -> Exists:
    return Exists(Name(node.need('kind').need('words').words))


def _support(node: Node) -> Support:
    surface = surface_of(node)
    if surface is None:
        raise Contradiction
    return Support(thing_of(node.need('a')), surface)


def _angle(node: Node) -> Angle:
    lines = [_line(child) for child in node.all(
        'line', 'vertical_line', 'horizontal_line')]
    if node.has('camera_looks'):
        if nouns.singular(lines[0].name.words[-1]) not in nouns.SURFACES:
            raise Contradiction
        return Angle(lines[0], Thing('camera_axis'))
    if len(lines) == 1:
        return Angle(lines[0])
    if len(lines) != 2:
        raise Contradiction
    first, second = sorted(lines, key=lambda line: line.kind != 'name')
    return Angle(first, second)


def _line(node: Node) -> Thing:
    fixed = node.first('camera_axis', 'vertical_line', 'horizontal_line')
    rule = fixed.rule if fixed else node.rule
    if rule == 'line':
        if not node.has('name'):
            raise Contradiction
        return Thing('name', name_of(node.need('name')))
    return Thing(rule.removesuffix('_line'))


_BUILDERS: dict[str, Callable[[Node], Query]] = {
    'distance': _distance, 'distance_from_camera': _distance, 'position': _position,
    'coordinate': _coordinate, 'size': _size, 'height': _height, 'camera_height': _height,
    'direction': _direction, 'is_direction': _direction, 'which': _which, 'compare': _compare,
    'count': _count, 'exists': _exists, 'support': _support, 'angle': _angle,
}
