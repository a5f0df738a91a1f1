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
    return _ranked(query, things, window, 'result',
                   f'which of {", ".join(thing.label for thing in things)} is',
                   _named_only(query), query.place)


def compare(query: Compare, window: FrameWindow) -> Recipe:
    """Recipe of whether a thing has more of something than another: yes or no."""
    first = query.a.label
    return _ranked(query, (query.a, query.b), window,
                   f"'yes' if result.word == {first!r} else 'no'", f'whether {first} is', '')


def _named_only(query: Which) -> str:
    return 'only things with a region or label were compared' if query.kind else ''


def _ranked(query: Which | Compare, things: tuple[Thing, ...], window: FrameWindow,
            answer: str, asked: str, remark: str, place: int = 1) -> Recipe:
    labels = tuple(places.need_region(thing, 'a comparison') for thing in things)
    reference = query.reference or (
        Thing('robot') if query.viewpoint == 'robot' else CAMERA)
    lines, best, words = _rank(query, reference, variables(labels)[0], window)
    if reference.kind == 'region':
        labels = (*labels, reference.label)
    names = variables(labels)
    listed = f'[{", ".join(names[:len(things)])}]'
    if place > 1:
        lines += _without_first(best, listed, place, names[-1])
        words = f'number {place} of those {words}'
        listed = 'things'
    lines.append(f'return {best.format(things=listed, reference=names[-1])}')
    notes = [note for note in (places.as_said(*things, reference), remark) if note]
    return Recipe(f'{asked} {words}', labels, '\n'.join(lines),
                  'The same measure of each, and the one with the most or least of it.',
                  numeric=False, told_apart=True, by_frame=False, answer=answer,
                  remark='; '.join(notes))


def _rank(query: Which | Compare, reference: Thing, first: str, window: FrameWindow
          ) -> tuple[list[str], str, str]:
    """Lines before, the call that finds the best of `{things}`, and the rank in words.

    `first` is the variable of one of the things.
    """
    if query.rank in ('near', 'far'):
        return _by_distance(query.rank, reference, first, window)
    if query.rank in ('left', 'right'):
        return _by_side(query, first, window)
    measure, best, words = _RANKS[query.rank]
    if query.rank in ('high', 'low') and window.up is not None:
        measure = 'tools.Geometry.end(thing, recon.up)'
    return ([], f'tools.Geometry.rank({{things}}, lambda thing: {measure}, {best})',
            f'the one with the {"most" if best == "max" else "least"} {words}')


def _by_distance(rank: str, reference: Thing, first: str, window: FrameWindow
                 ) -> tuple[list[str], str, str]:
    lines: list[str] = []
    origin = '{reference}'
    if reference.kind == 'robot':
        origin = places.robot(window)
    elif reference.kind == 'camera':
        origin = 'camera'
        lines = [places.NEWEST.format(thing=first), places.CAMERA]
    farthest = ', farthest=True' if rank == 'far' else ''
    word = 'nearest to' if rank == 'near' else 'farthest from'
    return (lines, f'tools.Geometry.nearest({origin}, {{things}}{farthest})',
            f'{word} {reference}')


def _by_side(query: Which | Compare, first: str, window: FrameWindow
             ) -> tuple[list[str], str, str]:
    if query.viewpoint == 'robot':
        lines = [f'across = {places.right_of_robot(window)}  # to the right of the robot']
    else:
        lines = [places.NEWEST.format(thing=first),
                 "across = recon.extrinsics[newest][:3, 0]  # the camera's x axis: to the right"]
    sign = 'min' if query.rank == 'left' else 'max'
    return (lines,
            f'tools.Geometry.rank({{things}}, lambda thing: thing.centroid @ across, {sign})',
            f'farthest to the {query.rank} as the {query.viewpoint or "camera"} sees it')


def _without_first(best: str, listed: str, place: int, reference: str) -> list[str]:
    """Lines that leave in `things` those from `place` on; what cannot be told apart ends it."""
    return [f'things = {listed}',
            f'for _ in range({place - 1}):',
            f'    first = {best.format(things="things", reference=reference)}',
            '    if first.margin < first.margin_sigma:',
            '        return first',
            '    things = [thing for thing in things if thing.name != first.word]']
