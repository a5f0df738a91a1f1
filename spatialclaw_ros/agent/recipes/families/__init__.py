"""One module per family: from a resolved query to the recipe that measures it."""

from __future__ import annotations

from dataclasses import replace
import functools

from spatialclaw_ros.agent.recipes.cells import Recipe
from spatialclaw_ros.agent.recipes.families.angle import angle
from spatialclaw_ros.agent.recipes.families.choice import compare
from spatialclaw_ros.agent.recipes.families.choice import which
from spatialclaw_ros.agent.recipes.families.count import count
from spatialclaw_ros.agent.recipes.families.count import exists
from spatialclaw_ros.agent.recipes.families.direction import direction
from spatialclaw_ros.agent.recipes.families.direction import support
from spatialclaw_ros.agent.recipes.families.distance import distance
from spatialclaw_ros.agent.recipes.families.position import position
from spatialclaw_ros.agent.recipes.families.size import height
from spatialclaw_ros.agent.recipes.families.size import size
from spatialclaw_ros.agent.recipes.queries import Angle
from spatialclaw_ros.agent.recipes.queries import Compare
from spatialclaw_ros.agent.recipes.queries import Count
from spatialclaw_ros.agent.recipes.queries import Direction
from spatialclaw_ros.agent.recipes.queries import Distance
from spatialclaw_ros.agent.recipes.queries import Exists
from spatialclaw_ros.agent.recipes.queries import Height
from spatialclaw_ros.agent.recipes.queries import Position
from spatialclaw_ros.agent.recipes.queries import Query
from spatialclaw_ros.agent.recipes.queries import Size
from spatialclaw_ros.agent.recipes.queries import Support
from spatialclaw_ros.agent.recipes.queries import Which
from spatialclaw_ros.scene import FrameWindow


def recipe_for(query: Query, window: FrameWindow) -> Recipe:
    """Recipe of a resolved query about a window; raises Unanswerable where facts are missing."""
    recipe = _recipe(query, window)
    unit = getattr(query, 'unit', '')
    return replace(recipe, unit=unit) if unit else recipe


@functools.singledispatch
def _recipe(query: Query, _window: FrameWindow) -> Recipe:
    raise TypeError(f'{type(query).__name__} is in no family')


for _query, _family in (
        (Distance, distance), (Position, position), (Size, size), (Height, height),
        (Direction, direction), (Which, which), (Compare, compare), (Count, count),
        (Exists, exists), (Support, support), (Angle, angle)):
    _recipe.register(_query, _family)
