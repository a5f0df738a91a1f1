"""Left, right, in front, behind, above, below; and whether one thing is on another."""

from __future__ import annotations

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.cells import variables
from spatialclaw_ros.agent.recipes.families import places
from spatialclaw_ros.agent.recipes.queries import Direction
from spatialclaw_ros.agent.recipes.queries import Support
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.scene import FrameWindow

_PAIRS = {word: pair for pair in (('left', 'right'), ('front', 'behind'), ('above', 'below'))
          for word in pair}


def direction(query: Direction, window: FrameWindow) -> Recipe:
    """Recipe of where a thing is from another, seen from a named viewpoint."""
    labels = (places.need_region(query.a, 'a direction'),
              places.need_region(query.b, 'a direction'))
    if query.viewpoint == 'robot':
        places.robot(window)
    viewpoint = {'camera': ", viewpoint='camera'", 'robot': f', viewpoint={window.viewpoint!r}'
                 }.get(query.viewpoint, '')
    a, b = variables(labels)
    yes_no = query.words[0] if query.yes_no else ''
    words = _PAIRS[yes_no] if yes_no else query.words
    among = f', among={words!r}' if words else ''
    answer = f"'yes' if result.word == {yes_no!r} else 'no'" if yes_no else 'result'
    return Recipe(
        f'where {labels[0]} is from {labels[1]}', labels,
        f'return tools.Geometry.direction({a}, of={b}{viewpoint}{among})',
        'Left and right are said from a viewpoint, which the answer names.', numeric=False,
        told_apart=True, by_frame=False, answer=answer,
        remark=places.as_said(query.a, query.b))


def support(query: Support, _window: FrameWindow) -> Recipe:
    """Recipe of whether a thing stands on another; its support is what is found at its foot."""
    a = places.need_region(query.a, 'a support')
    if query.b.kind != 'region':
        raise Unanswerable(f'whether something is on {query.b} needs a region for {query.b}')
    labels = (a, query.b.label)
    top, below = variables(labels)
    return Recipe(
        f'whether {a} is on {query.b.label}', labels, f'return tools.Geometry.on({top}, {below})',
        'It is on the other when its lower end touches the upper surface of the other.',
        numeric=False, remark=places.as_said(query.a, query.b))
