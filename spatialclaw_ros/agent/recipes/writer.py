"""The recipes as a writer: three cells at most, and the verdict when they find nothing."""

from __future__ import annotations

from collections.abc import Sequence
import re

from spatialclaw_ros.agent.progress import last_line
from spatialclaw_ros.agent.recipes.cells import check_cell
from spatialclaw_ros.agent.recipes.cells import first_cell
from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.cells import revision_cell
from spatialclaw_ros.agent.recipes.cells import unchecked_cell
from spatialclaw_ros.agent.recipes.families import recipe_for
from spatialclaw_ros.agent.recipes.names import Names
from spatialclaw_ros.agent.recipes.resolve import interpret
from spatialclaw_ros.agent.steps import Ran
from spatialclaw_ros.agent.steps import Step
from spatialclaw_ros.agent.steps import Verdict
from spatialclaw_ros.agent.steps import Writer
from spatialclaw_ros.findings.errors import CODES_BY_NAME
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.session.cell_result import CellResult

#: Most characters of an error that an answer tells.
_MOST_SAID = 2000
_SEVERAL = re.compile(r'object (.+?) names several: the labels are \[(.*?)\]')
_NUMBER = re.compile(r'(\d+) of .* are asked about, (\d+) found')
_ABSENT = re.compile(r'object (.+?) is not there: (.*)', re.DOTALL)


class RecipeWriter(Writer):
    """Reads the question once; then measure, check, and where they disagree revise."""

    name = 'recipes'

    def __init__(self, question: str, names: Names, window: FrameWindow) -> None:
        """Read `question`; raises SpatialError where no recipe covers it."""
        self._recipe: Recipe = recipe_for(interpret(question, names), window)

    async def write(self, past: Sequence[Ran]) -> Step | Verdict:
        """The next of the three cells, or why there is no answer."""
        last = past[-1].result if past else None
        if last is None:
            return first_cell(self._recipe)
        if last.status != 'ok':
            return (unchecked_cell(self._recipe) if len(past) == 2 and _shows_too_little(last)
                    else verdict_of(last))
        if len(past) == 1:
            return check_cell(self._recipe)
        if len(past) == 2 and self._recipe.numeric:
            return revision_cell(self._recipe)
        said = [line.strip() for line in last.stdout.splitlines()
                if line.strip() and line.strip() != 'check:']
        return Verdict(ErrorCode.AMBIGUOUS, f'{self._recipe.asked} cannot be told for sure: '
                       f'{"; ".join(reversed(said[-3:]))}')


def _shows_too_little(check: CellResult) -> bool:
    """Whether a check failed for want of evidence, which is no contradiction."""
    code = CODES_BY_NAME.get(check.error_type)
    return check.status == 'error' and (
        code in (ErrorCode.NOT_VISIBLE, ErrorCode.UNANSWERABLE)
        or check.error_type in ('KeyError', 'ValueError', 'IndexError'))


def verdict_of(result: CellResult) -> Verdict:
    """What a failed cell of a recipe means to the caller."""
    message = (last_line(result.error, _MOST_SAID) or result.note
               or f'the cell ended with {result.status}')
    message = re.sub(r'^[\w.]*\.?(\w+(?:Error|Exception)?): ', '', message)
    several = _SEVERAL.search(result.error)
    if several:
        labels = tuple(re.findall(r"'([^']*)'", several.group(2)))
        return Verdict(ErrorCode.AMBIGUOUS, f'{several.group(1)} is there more than once: '
                       f'{", ".join(labels)}; ask about one of them by a region of its own', labels)
    absent = _ABSENT.search(result.error)
    if absent:
        return Verdict(ErrorCode.NOT_VISIBLE,
                       f'{absent.group(1)} is not seen in these frames: {absent.group(2).strip()}')
    if result.status in ('timeout', 'killed'):
        return Verdict(ErrorCode.OUT_OF_BUDGET, message)
    number = _NUMBER.search(message)
    if number:
        few = int(number.group(2)) < int(number.group(1))
        return Verdict(ErrorCode.NOT_VISIBLE if few else ErrorCode.AMBIGUOUS, message)
    if 'is none of the choices' in message:
        return Verdict(ErrorCode.UNANSWERABLE, message.removesuffix('; return one of them'))
    code = CODES_BY_NAME.get(result.error_type, ErrorCode.INTERNAL)
    return Verdict(code, message)
