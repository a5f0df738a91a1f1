"""Which of several is nearest, tallest, biggest …; and whether one is more than another."""

from __future__ import annotations

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.cells import variables
from spatialclaw_ros.agent.recipes.families import places
from spatialclaw_ros.agent.recipes.queries import CAMERA
from spatialclaw_ros.agent.recipes.queries import Compare
from spatialclaw_ros.agent.recipes.queries import Thing
from spatialclaw_ros.agent.recipes.queries import Which
from spatialclaw_ros.scene import FrameWindow

#: rank → (the measure of one thing, whether the most or the least of it wins, in words)
_RANKS = {
    'tall': ('tools.Geometry.height(thing)', 'max', 'height'),
    'short': ('tools.Geometry.height(thing)', 'min', 'height'),
    'high': ('tools.Geometry.height(thing)', 'max', 'height of the top'),
    'low': ('tools.Geometry.height(thing)', 'min', 'height of the top'),
    'big': ('tools.Geometry.size(thing)[0]', 'max', 'longest side'),
    'small': ('tools.Geometry.size(thing)[0]', 'min', 'longest side'),
    'long': ('tools.Geometry.size(thing)[0]', 'max', 'longest side'),
    'wide': ('tools.Geometry.size(thing)[0]', 'max', 'longest side'),
    'narrow': ('tools.Geometry.size(thing)[0]', 'min', 'longest side'),
}


def which(query: Which, window: FrameWindow) -> Recipe:
    """Recipe of the one of several things with the most or least of something."""
    things = query.among
    return _ranked(query.rank, things, query.reference, window, 'result',
                   f'which of {", ".join(thing.label for thing in things)} is',
                   _named_only(query))


def compare(query: Compare, window: FrameWindow) -> Recipe:
    """Recipe of whether a thing has more of something than another: yes or no."""
    first = query.a.label
    return _ranked(query.rank, (query.a, query.b), query.reference, window,
                   f"'yes' if result.word == {first!r} else 'no'", f'whether {first} is', '')


def _named_only(query: Which) -> str:
    return 'only things with a region or label were compared' if query.kind else ''


def _ranked(rank: str, things: tuple[Thing, ...], reference: Thing | None, window: FrameWindow,
            answer: str, asked: str, remark: str) -> Recipe:
    labels = tuple(places.need_region(thing, 'a comparison') for thing in things)
    names = variables(labels)
    listed = f'[{", ".join(names)}]'
    body, words = _body(rank, listed, names, reference, window)
    if reference is not None and reference.kind == 'region':
        labels = (*labels, reference.label)
        names = variables(labels)
        body = body.replace('{reference}', names[-1])
    notes = [note for note in (places.as_said(*things, reference), remark) if note]
    return Recipe(f'{asked} {words}', labels, body,
                  'The same measure of each, and the one with the most or least of it.',
                  numeric=False, told_apart=True, by_frame=False, answer=answer,
                  remark='; '.join(notes))


def _body(rank: str, listed: str, names: list[str], reference: Thing | None,
          window: FrameWindow) -> tuple[str, str]:
    """Body of the measure, and the rank in words."""
    if rank in ('near', 'far'):
        reference = reference or CAMERA
        origin = '{reference}'
        lines: list[str] = []
        if reference.kind == 'robot':
            origin = places.robot(window)
        elif reference.kind == 'camera':
            origin = 'camera'
            lines = [places.NEWEST.format(thing=names[0]), places.CAMERA]
        farthest = ', farthest=True' if rank == 'far' else ''
        lines.append(f'return tools.Geometry.nearest({origin}, {listed}{farthest})')
        word = 'nearest to' if rank == 'near' else 'farthest from'
        return '\n'.join(lines), f'{word} {reference}'
    if rank in ('left', 'right'):
        sign = 'min' if rank == 'left' else 'max'
        return '\n'.join([
            places.NEWEST.format(thing=names[0]),
            "across = recon.extrinsics[newest][:3, 0]  # the camera's x axis: to the right",
            f'return tools.Geometry.rank({listed}, lambda thing: thing.centroid @ across, {sign})'
        ]), f'farthest to the {rank} as the camera sees it'
    measure, best, words = _RANKS[rank]
    return (f'return tools.Geometry.rank({listed}, lambda thing: {measure}, {best})',
            f'the one with the {"most" if best == "max" else "least"} {words}')
