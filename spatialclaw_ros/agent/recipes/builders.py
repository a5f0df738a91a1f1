"""From a parse tree to a query: one builder per family of the grammar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace

from lark import Tree

from spatialclaw_ros.agent.recipes.queries import Angle
from spatialclaw_ros.agent.recipes.queries import Both
from spatialclaw_ros.agent.recipes.queries import CAMERA
from spatialclaw_ros.agent.recipes.queries import Compare
from spatialclaw_ros.agent.recipes.queries import Count
from spatialclaw_ros.agent.recipes.queries import Direction
from spatialclaw_ros.agent.recipes.queries import Distance
from spatialclaw_ros.agent.recipes.queries import Height
from spatialclaw_ros.agent.recipes.queries import Name
from spatialclaw_ros.agent.recipes.queries import Position
from spatialclaw_ros.agent.recipes.queries import Query
from spatialclaw_ros.agent.recipes.queries import Size
from spatialclaw_ros.agent.recipes.queries import Support
from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.agent.recipes.queries import Which

_PARTS = {'nearest_point': 'nearest', 'centre_point': 'centre', 'top_point': 'top',
          'bottom_point': 'bottom'}
_SIDES = {'left': 'left', 'right': 'right', 'in_front': 'front', 'behind': 'behind',
          'above': 'above', 'below': 'below'}
_MEASURES = {'longest_horizontal': 'longest_horizontal', 'horizontal_side': 'longest_horizontal',
             'longest_side': 'longest', 'biggest_side': 'longest', 'tall': 'height',
             'wide': 'width', 'long': 'longest', 'big': 'size'}


class Contradiction(Exception):
    """A reading whose parts do not go together."""


@dataclass(frozen=True)
class Node:
    """A rule of the tree, with its children by name."""

    tree: Tree

    def all(self, *names: str) -> list[Node]:
        """Children of any of these names, in order."""
        return [Node(child) for child in self.tree.children
                if isinstance(child, Tree) and child.data in names]

    def first(self, *names: str) -> Node | None:
        """The first such child, None without."""
        return next(iter(self.all(*names)), None)

    def need(self, *names: str) -> Node:
        """The first such child; raises Contradiction without."""
        found = self.first(*names)
        if found is None:
            raise Contradiction
        return found

    def has(self, *names: str) -> bool:
        """Whether there is such a child."""
        return self.first(*names) is not None

    @property
    def rule(self) -> str:
        """Name of the rule."""
        return str(self.tree.data)

    @property
    def marks(self) -> list[str]:
        """Names of all children, in order."""
        return [str(child.data) for child in self.tree.children if isinstance(child, Tree)]

    @property
    def words(self) -> tuple[str, ...]:
        """All words kept below, in order."""
        return tuple(str(token) for token in self.tree.scan_values(lambda _: True))


def query_of(tree: Tree) -> Query:
    """The query of an unambiguous tree; raises Contradiction when its parts do not fit."""
    start = Node(tree)
    question = start.need(*_BUILDERS)
    query = _BUILDERS[question.rule](question)
    for units in start.all('units'):
        if units.has('degrees') != isinstance(query, Angle) or isinstance(
                query, (Direction, Which, Compare, Count, Support)):
            raise Contradiction
    stands = {_stand(node) for node in start.all('viewpoint', 'image_view')}
    if not stands:
        return query
    if len(stands) > 1 or not isinstance(query, (Direction, Which, Compare)):
        raise Contradiction
    return replace(query, viewpoint=stands.pop())


def _stand(node: Node) -> str:
    inner = node.first('viewpoint', 'image_view')
    if inner is not None:
        return _stand(inner)
    return 'robot' if node.has('robot') else 'camera'


def _name(node: Node) -> Name:
    phrases = [phrase.words for phrase in node.all('words')]
    context, place = node.first('context'), node.first('locative')
    return Name(phrases[0], phrases[1] if len(phrases) > 1 else (),
                place.words if place else (),
                context.need('words').words if context else ())


def _thing(node: Node) -> Thing:
    """The thing under a rule that holds one, directly or as a `thing`."""
    node = node.first('thing') or node
    part = next((_PARTS[mark] for mark in node.marks if mark in _PARTS), '')
    if node.has('camera', 'camera_subject'):
        return Thing('camera', part=part)
    if node.has('robot'):
        return Thing('robot', part=part)
    return Thing('name', _name(node.need('name')), part)


def _surface(node: Node) -> Thing | None:
    """The surface a height is above; None: whatever supports the thing."""
    if node.has('own_support'):
        return None
    surface = node.first('surface')
    return _thing(surface) if surface else None


def _distance(node: Node) -> Distance:
    marks = set(node.marks)
    pair = node.first('pair') or node
    both = pair.first('both')
    a = _thing(pair.need('a')) if both is None else None
    b = None if a is None else CAMERA if node.rule == 'distance_from_camera' else _thing(
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
    named = Both(_two(both)) if both else None
    return Distance(a, b, kind, axes.pop() if axes else '', named)


def _two(node: Node) -> Name:
    """The noun of "the two X" and "both X"."""
    words = node.need('words').words
    if node.has('twice'):
        return Name(words)
    if words[0] != 'two' or len(words) < 2:
        raise Contradiction
    return Name(words[1:])


def _position(node: Node) -> Position:
    thing = _thing(node)
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
    name = _name(sized.need('name'))
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
    thing = _thing(node.need('a'))
    if thing.part in ('centre', 'nearest') or (thing.kind != 'name' and thing.part):
        raise Contradiction
    return Height(thing, _surface(node))


def _direction(node: Node) -> Direction:
    words = tuple(dict.fromkeys(_SIDES[mark] for mark in node.marks if mark in _SIDES))
    a, b = _thing(node.need('a')), _thing(node.need('b'))
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
    references, surface = node.all('reference'), _surface(node)
    if len(references) > 1 or (references and rank not in ('near', 'far')):
        raise Contradiction
    if surface and rank not in ('high', 'low', 'tall', 'short'):
        raise Contradiction
    return (_thing(references[0]) if references else None), surface


def _which(node: Node) -> Which:
    rank = _rank(node)
    reference, surface = _reference(node, rank)
    listed = node.first('list')
    among = tuple(_thing(item) for item in listed.all('thing')) if listed else ()
    kind = node.first('kind')
    context = node.first('context')
    return Which(rank, among, Name(kind.need('words').words) if kind else None,
                 context.need('words').words if context else (), reference, surface)


def _compare(node: Node) -> Compare:
    rank = _rank(node)
    reference, surface = _reference(node, rank)
    if surface:
        raise Contradiction
    return Compare(rank, _thing(node.need('a')), _thing(node.need('b')), reference)


def _count(node: Node) -> Count:
    context = node.first('context', 'context_holder')
    return Count(Name(node.need('kind').need('words').words),
                 context.need('words').words if context else ())


def _support(node: Node) -> Support:
    surface = _surface(node)
    if surface is None:
        raise Contradiction
    return Support(_thing(node.need('a')), surface)


def _angle(node: Node) -> Angle:
    lines = [_line(child) for child in node.all('line', 'vertical_line', 'horizontal_line')]
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
        return Thing('name', _name(node.need('name')))
    return Thing(rule.removesuffix('_line'))


_BUILDERS: dict[str, Callable[[Node], Query]] = {
    'distance': _distance, 'distance_from_camera': _distance, 'position': _position,
    'coordinate': _coordinate, 'size': _size, 'height': _height, 'camera_height': _height,
    'direction': _direction, 'is_direction': _direction, 'which': _which, 'compare': _compare,
    'count': _count, 'support': _support, 'angle': _angle,
}
