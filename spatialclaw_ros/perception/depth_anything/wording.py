"""How a reply says whence its scale, poses and gravity are."""

from __future__ import annotations

from collections.abc import Sequence

from spatialclaw_ros.findings.wording import numbered
from spatialclaw_ros.perception.depth_anything.world import Told
from spatialclaw_ros.perception.depth_anything.world import World
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.scene import Frame


def source_of(world: World, asked: Sequence[tuple[Frame, Told]], blank: str) -> str:
    """Engine, checkpoint, and how scale, poses and gravity of the `asked` frames were found.

    `blank` says which of them show nothing, '' where all show something.
    """
    words = (f'{DEPTH_ANYTHING} ({world.checkpoint}): scale from {_scales(asked)}; '
             f'{_poses(world, asked)}; {world.gravity}')
    if blank:
        words += f'; {blank}'
    if world.licence.restriction:
        words += f'. The {world.licence.restriction}'
    return words


def _scales(asked: Sequence[tuple[Frame, Told]]) -> str:
    """How the scale was found and its one sigma, the largest; frames by frames where it differs."""
    frames: dict[str, list[int]] = {}
    sigma: dict[str, float] = {}
    for frame, told in asked:
        how = told.common.how
        frames.setdefault(how, []).append(frame.index)
        sigma[how] = max(sigma.get(how, 0.0), told.common.sigma)
    words = [f'{how} (±{100 * sigma[how]:.1f} %)' for how in frames]
    others = [f', that of frames {numbered(numbers)} from {said}'
              for said, numbers in list(zip(words, frames.values(), strict=True))[1:]]
    return words[0] + ''.join(others)


def _poses(world: World, asked: Sequence[tuple[Frame, Told]]) -> str:
    without = [(frame, told) for frame, told in asked if frame.camera_to_world is None]
    lost = [frame.index for frame, told in without if told.place is None]
    others = [told for _, told in without if told.place is not None and not told.is_base]
    words = 'poses as given' if world.is_posed else "in the newest frame's camera"
    if others:
        words += (', and by the network where none were' if world.is_posed else
                  ', the others placed by the network')
    if lost:
        words += f'; frames {numbered(lost)} have no place: the network relates them to no other'
    return words
