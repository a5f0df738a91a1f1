"""Questions of every family about a simulated scene, chosen so that each has one right answer."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import islice

import numpy as np

from spatialclaw_ros.simulation import exact
from spatialclaw_ros.simulation.probe import Cast
from spatialclaw_ros.simulation.probe import Exact
from spatialclaw_ros.simulation.probe import Probe
from spatialclaw_ros.simulation.probe import Rule
from spatialclaw_ros.simulation.truth import Shape

#: Least distance, m, between two things that are asked to be told apart, and share of the range.
_LEAST_MARGIN, _MARGIN_SHARE = 0.03, 0.03
#: Cosine of the most that a side may be turned from across the view for it to be the width.
_LEAST_SQUARENESS = 0.87


def ask_everything(cast: Cast, each: int = 1) -> list[Probe]:
    """Up to `each` questions of every family, as far as the scene has what they need."""
    return [probe for family in FAMILIES.values() for probe in islice(family(cast), each)]


def _closest(cast: Cast) -> Iterator[Probe]:
    pairs = sorted(cast.pairs(), key=lambda pair: pair != ('heater', 'door'))
    for a, b in pairs:
        if exact.closest(cast.shape(a), cast.shape(b)) > 0.02:
            text = cast.say('How far is the {} from the {}?',
                            'What is the shortest distance between the {} and the {}?',
                            'What is the gap between the {} and the {}?')
            if (a, b) == ('heater', 'door'):
                text = 'How far is the {} from the {}?'
            yield Probe('closest', text.format(a, b), (a, b), cast.views, 'm',
                        _pair(exact.closest, a, b))


def _centres(cast: Cast) -> Iterator[Probe]:
    for a, b in cast.pairs():
        text = cast.say('What is the distance between the centres of the {} and the {}?',
                        'How far is the centre of the {} from the centre of the {}?')
        yield Probe('centres', text.format(a, b), (a, b), cast.views, 'm',
                    _pair(exact.between_centres, a, b))


def _gap(cast: Cast) -> Iterator[Probe]:
    for a, b in cast.pairs():
        if exact.horizontal_gap(cast.shape(a), cast.shape(b)) > 0.02:
            yield Probe('gap', f'What is the horizontal gap between the {a} and the {b}?',
                        (a, b), cast.views, 'm',
                        _pair(exact.horizontal_gap, a, b))


def _from_camera(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        text = cast.say('How far is the {} from the camera (nearest point)?',
                        'How far from the camera is the nearest point of the {}?')
        yield Probe('from_camera', text.format(a), (a,), cast.newest, 'm',
                    _of(a, lambda shape, pose: exact.from_point(shape, pose[:3, 3])))


def _position_world(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        yield Probe('position_world', f'Where is the {a} in the world frame?', (a,), cast.views,
                    'm', _of(a, lambda shape, _: _numbers(shape.centroid)), 'world')


def _position_camera(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        yield Probe('position_camera', f'Where is the {a} (camera frame)?',
                    (a,), cast.newest, 'm',
                    _of(a, lambda shape, pose: _numbers(
                        pose[:3, :3].T @ (shape.centroid - pose[:3, 3]))), 'camera')


def _height(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        foot = cast.truth.scene.solids[cast.unique[a] - 1].foot
        yield Probe('height', cast.say('How tall is the {}?', 'What is the height of the {}?'
                                       ).format(a), (a,), cast.views, 'm',
                    _top_above(a, foot))


def _elevation(cast: Cast) -> Iterator[Probe]:
    """Tops above a surface that is not always the thing's own support."""
    surface = 'floor' if 'floor' in cast.unique else 'table'
    level = 0.0 if surface == 'floor' else float(
        cast.truth.mesh(cast.unique[surface]).points[:, 2].max())
    stacked = sorted(cast.one(), key=lambda name: cast.solid_support(name) == surface)
    for a in stacked:
        yield Probe('elevation', f'How high is the top of the {a} above the {surface}?',
                    (a, surface), cast.views, 'm',
                    _top_above(a, level))


def _length(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        yield Probe('length', f'How long is the {a} (its longest side)?', (a,), cast.views, 'm',
                    _of(a, lambda shape, _: max(exact.sides(shape))))


def _width(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        if exact.squareness(cast.shape(a), cast.pose) < _LEAST_SQUARENESS:
            continue
        yield Probe('width', f'How wide is the {a}?', (a,), cast.views, 'm',
                    _of(a, exact.across))


def _left_right(cast: Cast) -> Iterator[Probe]:
    for a, b in cast.pairs():
        if abs(exact.to_the_right(cast.shape(a, cast.newest), cast.shape(b, cast.newest),
                                  cast.pose)) > _needed(cast, a, b):
            text = cast.say('Seen from the camera, is the {} left or right of the {}?',
                            'Seen from the camera, is the {} to the left or to the right of '
                            'the {}?')
            yield Probe('left_right', text.format(a, b), (a, b), cast.newest, '',
                        _word(exact.to_the_right, a, b, 'right', 'left'))


def _front_behind(cast: Cast) -> Iterator[Probe]:
    for a, b in cast.pairs():
        if abs(exact.nearer(cast.shape(a, cast.newest), cast.shape(b, cast.newest),
                            cast.pose)) > 2 * _needed(cast, a, b):
            yield Probe('front_behind',
                        f'Seen from the camera, is the {a} in front of or behind the {b}?',
                        (a, b), cast.newest, '',
                        _word(exact.nearer, a, b, 'front', 'behind'))


def _above_below(cast: Cast) -> Iterator[Probe]:
    for a, b in cast.pairs():
        if abs(exact.higher(cast.shape(a), cast.shape(b))) > _needed(cast, a, b):
            yield Probe('above_below', f'Is the {a} above or below the {b}?', (a, b), cast.views,
                        '', _word(_higher, a, b, 'above', 'below'))


def _ranges(shapes: Mapping[str, Shape], pose: np.ndarray) -> dict[str, float]:
    return {name: exact.from_point(shape, pose[:3, 3]) for name, shape in shapes.items()}


def _nearest_to_camera(cast: Cast) -> Iterator[Probe]:
    yield from _ranked(cast, 'nearest_to_camera', 'nearest to the camera', cast.newest, _ranges, 1)


def _farthest_from_camera(cast: Cast) -> Iterator[Probe]:
    yield from _ranked(cast, 'farthest_from_camera', 'farthest from the camera', cast.newest,
                       _ranges, -1)


def _tallest(cast: Cast) -> Iterator[Probe]:
    feet = {name: cast.truth.scene.solids[number - 1].foot for name, number in cast.unique.items()}
    yield from _ranked(cast, 'tallest', 'the tallest', cast.views, lambda s, _: {
        name: exact.top(shape) - feet[name] for name, shape in s.items()}, -1)


def _biggest(cast: Cast) -> Iterator[Probe]:
    """Where the longest side and the volume of the box say the same."""
    for probe in _ranked(cast, 'biggest', 'the biggest', cast.views, lambda s, _: {
            name: max(exact.sides(shape)) for name, shape in s.items()}, -1):
        shapes = {name: cast.shape(name) for name in probe.names}
        volumes = {name: -float(np.prod(exact.sides(shape))) for name, shape in shapes.items()}
        if exact.least(volumes) == probe.exact(shapes, cast.pose):
            yield probe


def _nearest(cast: Cast) -> Iterator[Probe]:
    for _ in range(4):
        names = cast.some(4, 4)
        if not names:
            return
        to, among = names[0], names[1:]

        def distances(s: Mapping[str, Shape], _pose: np.ndarray, to: str = to,
                      among: Sequence[str] = tuple(among)) -> dict[str, float]:
            return {name: exact.closest(s[name], s[to]) for name in among}

        shapes = {name: cast.shape(name) for name in names}
        if exact.margin(distances(shapes, cast.pose)) > _needed(cast, *names):
            yield Probe('nearest', f'Of {_listed(among)}, which is nearest (closest points) to '
                        f'the {to}?', tuple(names), cast.views, '',
                        _least(distances))


def _count(cast: Cast) -> Iterator[Probe]:
    labels = cast.truth.scene.labels
    for name in sorted({n for n in labels.values() if n in ('cup', 'stool')}):
        numbers = [number for number, known in labels.items() if known == name]
        seen = [max((s.share for view in cast.views
                     if (s := cast.truth.sighted(number, view)) is not None), default=0.0)
                for number in numbers]
        if all(share > 0.3 for share in seen):
            total = float(len(numbers))
            yield Probe('count', f'How many {name}s are {cast.truth.scene.place}?', (name,),
                        cast.views, '', _known(total))


def _on(cast: Cast) -> Iterator[Probe]:
    surfaces = {name for name in cast.unique if name in ('brick', 'table')
                and (name == 'table' or name in cast.clear)}
    wanted = cast.rng.random() < 0.5
    for a in cast.one():
        for b in sorted(surfaces - {a}):
            stands = cast.solid_support(a) == b
            if stands == wanted and (stands or not _above_each_other(cast, a, b)):
                yield Probe('on', f'Is the {a} on the {b}?', (a, b), cast.views, '',
                            _known('yes' if stands else 'no'))


def _tilt(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        angle = cast.truth.scene.solids[cast.unique[a] - 1].tilt
        if angle is not None:
            yield Probe('tilt', f'By how many degrees is the {a} tilted from the horizontal?',
                        (a,), cast.views, 'deg',
                        _known(float(np.degrees(angle))))


def _lean(cast: Cast) -> Iterator[Probe]:
    for a in cast.one():
        angle = cast.truth.scene.solids[cast.unique[a] - 1].lean
        if angle is not None:
            yield Probe('lean', f'By how many degrees does the {a} lean from the vertical?', (a,),
                        cast.views, 'deg', _known(float(np.degrees(angle))))


def _camera_angle(cast: Cast) -> Iterator[Probe]:
    for surface in {'floor', 'table'} & set(cast.unique):
        if surface == 'floor' or 'floor' not in cast.unique:
            yield Probe(
                'camera_angle', 'What is the angle between the camera viewing axis and the '
                f'{surface} surface?', (surface,), cast.newest, 'deg',
                lambda _s, pose: float(np.degrees(np.arcsin(-pose[2, 2]))))


def _camera_height(cast: Cast) -> Iterator[Probe]:
    for surface in {'floor', 'table'} & set(cast.unique):
        if surface == 'floor' or 'floor' not in cast.unique:
            level = float(cast.truth.mesh(cast.unique[surface]).points[:, 2].max())
            yield Probe('camera_height', f'How high is the camera above the {surface}?',
                        (surface,), cast.newest, 'm',
                        _camera_above(level))


def _ranked(cast: Cast, family: str, rank: str, views: tuple[int, ...],
            values: Callable[[Mapping[str, Shape], np.ndarray], dict[str, float]], sign: int
            ) -> Iterator[Probe]:
    """Questions for the one of several with the least `sign` × value, where that is plain."""
    for _ in range(4):
        names = cast.some()
        if not names:
            return

        def rule(s: Mapping[str, Shape], pose: np.ndarray,
                 names: Sequence[str] = tuple(names)) -> str:
            return exact.least({name: sign * value for name, value in values(
                {name: s[name] for name in names}, pose).items()})

        shapes = {name: cast.shape(name, views) for name in names}
        if exact.margin({name: sign * value for name, value in values(
                shapes, cast.pose).items()}) > _needed(cast, *names):
            yield Probe(family, f'Which of {_listed(names)} is {rank}?', tuple(names), views, '',
                        rule)


def _needed(cast: Cast, *names: str) -> float:
    """Difference, metres, that a sensor must be able to tell at the range of these things."""
    far = max(float(np.linalg.norm(cast.shape(name).centroid - cast.pose[:3, 3]))
              for name in names)
    return max(_LEAST_MARGIN, _MARGIN_SHARE * far)


def _above_each_other(cast: Cast, a: str, b: str) -> bool:
    """Whether the footprints of two things overlap, or nearly."""
    low_a, high_a, low_b, high_b = (
        function(cast.truth.mesh(cast.unique[name]).points[:, :2], axis=0)
        for name in (a, b) for function in (np.min, np.max))
    return bool((low_a < high_b + 0.03).all() and (low_b < high_a + 0.03).all())


def _listed(names: Sequence[str]) -> str:
    return ', '.join(f'the {name}' for name in names[:-1]) + f' and the {names[-1]}'


def _numbers(vector: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in vector)


def _pair(measure: Callable[[Shape, Shape], float], a: str, b: str) -> Rule:
    return lambda shapes, _: measure(shapes[a], shapes[b])


def _of(a: str, measure: Callable[[Shape, np.ndarray], Exact]) -> Rule:
    return lambda shapes, pose: measure(shapes[a], pose)


def _word(measure: Callable[[Shape, Shape, np.ndarray], float], a: str, b: str, positive: str,
          negative: str) -> Rule:
    return lambda shapes, pose: (
        positive if measure(shapes[a], shapes[b], pose) > 0 else negative)


def _least(values: Callable[[Mapping[str, Shape], np.ndarray], dict[str, float]]) -> Rule:
    return lambda shapes, pose: exact.least(values(shapes, pose))


def _top_above(a: str, level: float) -> Rule:
    return lambda shapes, _: exact.top(shapes[a]) - level


def _camera_above(level: float) -> Rule:
    return lambda _, pose: float(pose[2, 3] - level)


def _known(value: Exact) -> Rule:
    return lambda _shapes, _pose: value


def _higher(a: Shape, b: Shape, _pose: np.ndarray) -> float:
    return exact.higher(a, b)


#: Family of questions → what chooses and words them.
FAMILIES: dict[str, Callable[[Cast], Iterator[Probe]]] = {
    'closest': _closest, 'centres': _centres, 'gap': _gap, 'from_camera': _from_camera,
    'position_world': _position_world, 'position_camera': _position_camera, 'height': _height,
    'elevation': _elevation, 'length': _length, 'width': _width, 'left_right': _left_right,
    'front_behind': _front_behind, 'above_below': _above_below,
    'nearest_to_camera': _nearest_to_camera, 'farthest_from_camera': _farthest_from_camera,
    'nearest': _nearest, 'tallest': _tallest,
    'biggest': _biggest, 'count': _count, 'on': _on, 'tilt': _tilt, 'lean': _lean,
    'camera_angle': _camera_angle, 'camera_height': _camera_height,
}
