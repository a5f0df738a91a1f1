"""Sizes: height, width, longest side; and heights above a support."""

from __future__ import annotations

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.cells import variables
from spatialclaw_ros.agent.recipes.families import places
from spatialclaw_ros.agent.recipes.queries import Height
from spatialclaw_ros.agent.recipes.queries import Size
from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.scene import FrameWindow

_BODIES = {
    'height': 'return tools.Geometry.height({0})',
    'width': "return tools.Geometry.extent({0}, 'width')",
    'longest': 'return tools.Geometry.size({0})[0]',
    'size': 'return tools.Geometry.size({0})[0]',
    'longest_horizontal': "return tools.Geometry.extent({0}, 'length')"}
_WORDS = {
    'height': 'the height of {0}', 'width': 'the width of {0} as the camera sees it',
    'longest': 'the longest side of {0}', 'size': 'the size of {0} (its longest side)',
    'longest_horizontal': 'the longest horizontal side of {0}'}
_REASONS = {
    'height': 'Its top above the support at its foot, along up: a support may be bent or sloped, '
              'so the level at its foot counts.',
    'width': 'The level side of its box that lies most across the view.',
    'longest': 'The longest side of the box about its visible surface.',
    'size': 'The sides of the box about its visible surface, the longest first.',
    'longest_horizontal': 'Of the sides of its upright box, the longer horizontal one.'}


def size(query: Size, _window: FrameWindow) -> Recipe:
    """Recipe of a height, a width or a longest side."""
    label = places.need_region(query.thing, 'a size')
    if query.measure == 'depth':
        raise Unanswerable(f'how deep or thick {label} is, hangs on sides of it that are not '
                           'seen; ask for its height, width or longest side')
    name, = variables([label])
    return Recipe(
        _WORDS[query.measure].format(query.thing.label), (label,),
        _BODIES[query.measure].format(name), _REASONS[query.measure],
        remark=places.as_said(query.thing))


def height(query: Height, _window: FrameWindow) -> Recipe:
    """Recipe of the height of a thing's top, its bottom or the camera above a surface."""
    surface = query.surface
    if query.thing.kind == 'camera':
        return _camera_height(surface)
    label = places.need_region(query.thing, 'a height')
    name, = variables([label])
    if query.thing.part == 'bottom':
        raise Unanswerable("the height of a thing's lower end is not known to the recipes")
    if surface is None or surface.kind == 'surface':
        return Recipe(
            f'the height of {label} above {surface or "its support"}', (label,),
            f'return tools.Geometry.height({name})', _REASONS['height'],
            remark=places.as_said(query.thing))
    labels = (label, places.need_region(surface, 'a height'))
    top, below = variables(labels)
    return Recipe(
        f'the height of the top of {label} above {surface.label}', labels,
        f'return tools.Geometry.above({top}, {below})', 'Its top above the other surface, along '
        'up.', remark=places.as_said(query.thing, surface))


def _camera_height(surface: Thing | None) -> Recipe:
    if surface is not None and surface.kind == 'region':
        name, = variables([surface.label])
        body = [places.NEWEST.format(thing=name), places.CAMERA,
                f'plane = tools.Geometry.plane({name}, level=True)']
        labels: tuple[str, ...] = (surface.label,)
        remark = places.as_said(surface)
    else:
        remark = 'the largest level surface in view was taken' + (
            f' as the {surface.label}' if surface else '')
        body = [places.NEWEST_OF_ALL, places.CAMERA, places.SUPPORT]
        labels = ()
    body.append('return tools.Geometry.above(camera, plane)')
    return Recipe(
        f'the height of the camera above {surface or "the largest plane it sees"}', labels,
        '\n'.join(body), 'The distance of the camera from the plane of the surface.',
        by_frame=False, remark=remark)
