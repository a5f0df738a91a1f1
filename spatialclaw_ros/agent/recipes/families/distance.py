"""Distances: closest, between centres, along an axis, from the camera or the robot."""

from __future__ import annotations

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.cells import variables
from spatialclaw_ros.agent.recipes.families import places
from spatialclaw_ros.agent.recipes.queries import Distance
from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.scene import FrameWindow

_MEASURES = {
    'closest': ('the closest distance between {0} and {1}',
                'The question is about the free distance, so the closest points of the visible '
                'surfaces count, not the centroids.'),
    'centres': ('the distance between the centroids of {0} and {1}',
                'The question is about the centres, so the centroids of the visible surfaces '
                'count.'),
    'gap': ('the free space between {0} and {1} along an axis',
            'The question names a direction, so only the free space along it counts.'),
}
_AXES = {'x': "axis='x'", 'y': "axis='y'", 'z': "axis='z'", 'vertical': 'axis=recon.up',
         'horizontal': 'axis=None'}


def distance(query: Distance, window: FrameWindow) -> Recipe:
    """Recipe of a distance; raises Unanswerable where an end of it has no place."""
    assert query.a is not None and query.b is not None
    a, b = query.a, query.b
    if {a.kind, b.kind} & {'camera', 'robot'}:
        return _from_here(query, a, b, window)
    labels = (places.need_region(a, 'a distance'), places.need_region(b, 'a distance'))
    search: tuple[str, ...] = ()
    if labels[0] == labels[1]:
        search, labels = labels[:1], (f'{labels[0]}_0', f'{labels[1]}_1')
    asked, reasoning = _MEASURES[query.kind]
    if query.axis in ('vertical', 'horizontal'):
        places.need_gravity(window, f'a {query.axis} distance')
    first, second = variables(labels)
    return Recipe(asked.format(a, b), labels, f'return {_call(query, first, second)}', reasoning,
                  search=search, between_ends=query.kind == 'closest',
                  remark=places.as_said(a, b))


def _call(query: Distance, first: str, second: str) -> str:
    if query.kind == 'centres':
        return f'tools.Geometry.centroid_distance({first}, {second})'
    if query.kind == 'gap':
        return f'tools.Geometry.gap({first}, {second}, {_AXES[query.axis]})'
    return f'tools.Geometry.closest_distance({first}, {second})'


def _from_here(query: Distance, a: Thing, b: Thing, window: FrameWindow) -> Recipe:
    """Distance from the camera or the robot to a thing."""
    here, thing = (a, b) if a.kind in ('camera', 'robot') else (b, a)
    if thing.kind in ('camera', 'robot') or query.kind == 'gap':
        raise Unanswerable(f'a distance of {a} from {b} of this kind is not known to the recipes')
    label = places.need_region(thing, 'a distance')
    name, = variables([label])
    lines = [places.NEWEST.format(thing=name)]
    lines.append(places.CAMERA if here.kind == 'camera' else f'robot = {places.robot(window)}')
    measure = 'centroid_distance' if query.kind == 'centres' else 'closest_distance'
    lines.append(f'return tools.Geometry.{measure}({name}.only([newest]), {here.kind}, sigma=0.0)')
    what = 'centroid' if query.kind == 'centres' else 'nearest visible point'
    remark = places.as_said(thing)
    return Recipe(
        f'the distance from the {here.kind} to the {what} of {thing}', (label,),
        '\n'.join(lines), f'The {here.kind} is where it was in the newest frame that shows '
        f'{thing}.', by_frame=False,
        remark=f'The point is the origin of the {here.kind}{"; " + remark if remark else ""}')
