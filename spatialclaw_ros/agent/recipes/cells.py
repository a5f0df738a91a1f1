"""The cells of a recipe: the measure at once, a check that can contradict it, a revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import keyword
import re
import textwrap

from spatialclaw_ros.agent.steps import Step


@dataclass(frozen=True)
class Recipe:
    """What a family measures.

    `labels` are the names to segment; `body` is the body of `measure(…)`, whose parameters are
    `variables(labels)`, each an Object3D. `asked` says the measure in words. `by_frame` tells
    whether every frame must give the same, so that frames can check one another; otherwise masks
    a pixel smaller do. With `between_ends` only frames that could see both ends of the distance
    must: from elsewhere the nearest parts may be hidden. `numeric` findings
    can be reconciled when the check contradicts; words cannot. With `told_apart` the word counts
    only where its margin is beyond its own error. `answer` turns the measured finding into what
    is returned, in `unit` where that is not its own. `search` names what to segment where that is
    not `labels`: one name for two things. With `together` the body has the masks of all labels as
    `masks` and no parameters. `remark` goes into the explanation.
    """

    asked: str
    labels: tuple[str, ...]
    body: str
    reasoning: str
    by_frame: bool = True
    between_ends: bool = False
    numeric: bool = True
    told_apart: bool = False
    answer: str = 'result'
    unit: str = ''
    search: tuple[str, ...] = ()
    together: bool = False
    remark: str = ''


def variables(labels: Sequence[str]) -> list[str]:
    """A Python name for each label, all different."""
    names: list[str] = []
    for label in labels:
        name = re.sub(r'\W+', '_', label.strip().lower()).strip('_') or 'thing'
        if name[0].isdigit() or keyword.iskeyword(name) or name in _TAKEN:
            name = f'the_{name}'
        while name in names:
            name += '_2'
        names.append(name)
    return names


_TAKEN = {'masks', 'recon', 'result', 'measure', 'checks', 'frames', 'tools', 'show', 'vlm', 'np',
          'up', 'plane', 'camera', 'robot', 'newest', 'print', 'math', 'max', 'min', 'abs'}


def first_cell(recipe: Recipe) -> Step:
    """Segment what is asked about and measure at once."""
    names = _parameters(recipe)
    arguments = ', '.join(names)
    lines = ['recon = tools.Reconstruct.Reconstruct()']
    if recipe.labels:
        search = recipe.search or recipe.labels
        one_each = '' if recipe.search or recipe.together else '.only(labels)'
        lines += [
            f'labels = {_listed(search)}',
            f'masks = tools.SAM3.segment_video_by_text(labels, video_index=None){one_each}',
            'print(masks)']
    if recipe.search:
        lines += [
            f'if masks.num_objects != {len(recipe.labels)}:',
            f"    raise ValueError(f'{len(recipe.labels)} of {recipe.search[0]} are asked about, '",
            "                     f'{masks.num_objects} found: {masks.labels}')"]
    lines += ['', f'def measure({arguments or _masks(recipe)}):',
              textwrap.indent(recipe.body, '    '), '']
    if names:
        lines.append(f'{arguments}{"," if len(names) == 1 else ""} = recon.objects(masks)')
    lines += [f'result = measure({arguments or _masks(recipe)})', 'print(result)', 'show(result)']
    return Step(f'Measure {recipe.asked}.', recipe.reasoning,
                'Check the measure with other evidence.', '\n'.join(lines))


def check_cell(recipe: Recipe) -> Step:
    """Measure again from other evidence, and answer when it agrees."""
    names = _parameters(recipe)
    lines: list[str] = []
    smaller = ('measure(*recon.objects(masks.erode(1)))' if names
               else 'measure(masks.erode(1))' if recipe.together else 'measure()')
    if recipe.by_frame and names:
        each = ', '.join(f'{name}.only([f])' for name in names)
        seen = ' & '.join(f'set({name}.frame_indices)' for name in names)
        lines += [
            f'frames = sorted({seen})',
            *(_SEES_BOTH_ENDS if recipe.between_ends else ()),
            'if len(frames) > 1:  # every frame by itself',
            f'    checks = [measure({each}) for f in frames]',
            'else:  # the same frame with every mask a pixel smaller',
            f'    checks = [{smaller}]']
    else:
        lines.append(f'checks = [{smaller}]')
    lines += [
        "print('check:', *checks, sep='\\n')",
        'agreed = tools.Geometry.agrees(result, *checks)',
        *_condition(recipe),
        f'    {_return(recipe)}',
        _refusal(recipe)]
    how = ('Every frame alone must give the same; with one frame, masks a pixel smaller must.'
           if recipe.by_frame else 'Masks that are a pixel smaller must give the same.')
    return Step(f'Check {recipe.asked} with other evidence.', how,
                'Answer if both agree, widen the interval if they do not.', '\n'.join(lines),
                recipe.remark)


_SEES_BOTH_ENDS = (
    'ends = result.from_point, result.to_point',
    'frames = [f for f in frames if all(recon.could_see(end, f) for end in ends)]')


def unchecked_cell(recipe: Recipe) -> Step:
    """Answer with the first measure where there is no other evidence to check it with."""
    return Step(
        f'Answer with {recipe.asked} as measured first.',
        'The other evidence shows too little to measure on, so it neither confirms nor '
        'contradicts.', 'Done.', _return(recipe),
        '; '.join(filter(None, (recipe.remark, 'no second evidence could check it'))))


def revision_cell(recipe: Recipe) -> Step:
    """Take both measures into account, or end AMBIGUOUS where they cannot be."""
    code = '\n'.join([
        'result = tools.Geometry.reconcile([result, *checks])', 'print(result)', _return(recipe)])
    widened = 'two measures contradicted each other, and the interval is widened to hold both'
    return Step(
        f'Reconcile the measures of {recipe.asked}.',
        'Measure and check contradict each other by more than their errors. The interval must '
        'hold both, or there is no answer.', 'Answer with the wider interval.', code,
        '; '.join(filter(None, (recipe.remark, widened))))


def _condition(recipe: Recipe) -> list[str]:
    """When to answer: the measures agree, and what is compared can be told apart."""
    if not recipe.told_apart:
        return ['if agreed:']
    return ['told_apart = not result.margin < result.margin_sigma', 'if agreed and told_apart:']


def _refusal(recipe: Recipe) -> str:
    if recipe.told_apart:
        return ("print('the check contradicts the first measure' if told_apart else "
                "'the margin is within its own error')")
    return "print('the check contradicts the first measure')"


def _parameters(recipe: Recipe) -> list[str]:
    return [] if recipe.together else variables(recipe.labels)


def _masks(recipe: Recipe) -> str:
    return 'masks' if recipe.together else ''


def _return(recipe: Recipe) -> str:
    evidence = ', '.join(['result', *_parameters(recipe)])
    if recipe.together:
        evidence += ', recon.objects(masks)'
    unit = f', unit={recipe.unit!r}' if recipe.unit else ''
    return f'ReturnAnswer({recipe.answer}, evidence=[{evidence}]{unit})'


def _listed(labels: Sequence[str]) -> str:
    return '[' + ', '.join(repr(label) for label in labels) + ']'
