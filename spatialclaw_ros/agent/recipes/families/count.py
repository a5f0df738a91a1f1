"""How many things of a class there are, and whether there is one."""

from __future__ import annotations

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.names import NO_NAMES
from spatialclaw_ros.agent.recipes.queries import Count
from spatialclaw_ros.agent.recipes.queries import Exists
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.scene import FrameWindow

_BODY = 'return tools.Geometry.count(masks)'


def count(query: Count, _window: FrameWindow) -> Recipe:
    """Recipe of a number of things; regions that lie on one thing count once.

    Raises Unanswerable where nothing has a name.
    """
    _check_named(query)
    remark = 'only things with a region or label are counted'
    if query.context:
        remark += f'; that each of them is at the {" ".join(query.context)} was not checked'
    return Recipe(
        f'how many {query.kind} there are', query.labels, _BODY,
        'Two regions may lie on one thing, and one thing may be seen in several frames, so '
        'surfaces are counted, not regions.', together=True, by_frame=False, remark=remark)


def exists(query: Exists, _window: FrameWindow) -> Recipe:
    """Recipe of whether anything of a class is there: yes or no.

    Raises Unanswerable where nothing has a name.
    """
    _check_named(query)
    return Recipe(
        f'whether there is a {query.kind}', query.labels, _BODY,
        'It is there when a surface of it was measured.', together=True, by_frame=False,
        numeric=False, answer="'yes' if result.value else 'no'",
        remark='only things with a region or label are looked for')


def _check_named(query: Count | Exists) -> None:
    if not query.labels:
        raise Unanswerable(NO_NAMES)
