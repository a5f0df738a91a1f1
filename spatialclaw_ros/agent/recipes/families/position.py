"""Positions: a thing, its centre, top or bottom, in a frame."""

from __future__ import annotations

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.cells import variables
from spatialclaw_ros.agent.recipes.families import places
from spatialclaw_ros.agent.recipes.queries import Position
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.scene import FrameWindow

_POINTS = {'': '{0}', 'centre': '{0}', 'top': '{0}.top', 'bottom': '{0}.bottom'}
_WORDS = {'': 'the visible surface of', 'centre': 'the centre of the visible surface of',
          'top': 'the top of', 'bottom': 'the lower end of'}


def position(query: Position, window: FrameWindow) -> Recipe:
    """Recipe of a position; raises Unanswerable where the frame or up is unknown."""
    label = places.need_region(query.thing, 'a position')
    part = query.thing.part
    if part in ('top', 'bottom'):
        places.need_gravity(window, f'the {part} of a thing')
    name, = variables([label])
    remark = places.as_said(query.thing)
    frame = _frame(query, window)
    where = f' in the frame {query.frame}' if query.frame else ''
    coordinate = f'{query.coordinate} of ' if query.coordinate else ''
    asked = f'{coordinate}{_WORDS[part]} {label}{where}'
    if part == 'top' and query.coordinate == 'z' and _is_world(query, window):
        return Recipe(asked, (label,), f'return tools.Geometry.end({name}, [0, 0, 1])',
                      'The highest part of the visible surface, without what noise adds to it.',
                      remark=remark)
    answer = 'result'
    if query.coordinate:
        answer = f"float(result.point[{'xyz'.index(query.coordinate)}])"
    return Recipe(
        asked, (label,), f'return tools.Geometry.position({_POINTS[part].format(name)}{frame})',
        'The visible surface tells where it is; what is hidden is not guessed.',
        by_frame=query.frame != 'camera', answer=answer, unit='m' if query.coordinate else '',
        remark=remark)


def _is_world(query: Position, window: FrameWindow) -> bool:
    """Whether the position is asked in the world itself, whose z is up."""
    if query.frame == '':
        return window.world_to_target is None
    return query.frame in ('world', window.world_frame)


def _frame(query: Position, window: FrameWindow) -> str:
    if query.frame in ('', window.world_frame):
        return ''
    if query.frame == 'world':
        return '' if window.world_to_target is None else f', frame={window.world_frame!r}'
    if query.frame in ('camera', window.target_frame):
        return f', frame={query.frame!r}'
    raise Unanswerable(f'this query knows no frame {query.frame!r}; give it as target_frame')
