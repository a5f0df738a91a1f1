"""Angles: the tilt of a surface, the lean of a thing, against gravity or the camera's axis."""

from __future__ import annotations

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.cells import variables
from spatialclaw_ros.agent.recipes.families import places
from spatialclaw_ros.agent.recipes.queries import Angle
from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.scene import FrameWindow


def angle(query: Angle, window: FrameWindow) -> Recipe:
    """Recipe of an angle between the plane of a thing or surface and a direction."""
    a, b = query.a, query.b
    assert b is not None
    if a.kind not in ('region', 'surface') or b.kind == 'surface':
        raise Unanswerable(f'the angle between {a} and {b} is not known to the recipes')
    labels = tuple(thing.label for thing in (a, b) if thing.kind == 'region')
    names = variables(labels)
    asked = f'the angle between {a} and {_words(b)}'
    if a.kind == 'region' and b.kind in ('vertical', 'horizontal'):
        measure = 'lean' if b.kind == 'vertical' else 'tilt'
        return Recipe(asked, labels, f'return tools.Geometry.{measure}({names[0]})',
                      'The face it shows most of, or its long axis, tells how it stands.',
                      remark=places.as_said(a))
    lines = []
    if b.kind == 'camera_axis' or a.kind == 'surface':
        lines.append(places.NEWEST.format(thing=names[0]) if labels else places.NEWEST_OF_ALL)
    lines.append(f'plane = tools.Geometry.plane({names[0]})' if a.kind == 'region'
                 else places.SUPPORT)
    lines.append(_result(b, names, window))
    return Recipe(asked, labels, '\n'.join(lines),
                  'The plane of the visible surface tells how it lies.',
                  by_frame=b.kind != 'camera_axis', remark=places.as_said(a, b))


def _result(b: Thing, names: list[str], window: FrameWindow) -> str:
    """The line that returns the angle between `plane` and `b`."""
    if b.kind == 'camera_axis':
        return 'return tools.Geometry.angle_between(plane, recon.extrinsics[newest][:3, 2])'
    if b.kind == 'region':
        return f'return tools.Geometry.angle_between(plane, tools.Geometry.plane({names[-1]}))'
    places.need_gravity(window, f'an angle against the {b.kind}')
    if b.kind == 'vertical':
        return 'return tools.Geometry.angle_between(plane, recon.up)'
    return 'return tools.Geometry.angle_between(plane.normal, recon.up)'


def _words(thing: Thing) -> str:
    return {'camera_axis': 'the viewing axis of the camera', 'vertical': 'the vertical',
            'horizontal': 'the horizontal'}.get(thing.kind, str(thing))
