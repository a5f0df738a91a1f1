"""Geometry of frames by absolute frame number."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Generic
from typing import TypeVar

import numpy as np

from spatialclaw_ros.findings.association import same_things
from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.findings.build import masked_view
from spatialclaw_ros.findings.build import ViewPart
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.toolkit.arguments import frame_number
from spatialclaw_ros.toolkit.arguments import missing_frame
from spatialclaw_ros.toolkit.arguments import note
from spatialclaw_ros.toolkit.bev import draw_bev
from spatialclaw_ros.toolkit.frame_geometry import FrameSurface
from spatialclaw_ros.toolkit.guided import guided
from spatialclaw_ros.toolkit.input_images import shortened
from spatialclaw_ros.toolkit.per_frame_mask import as_masks
from spatialclaw_ros.toolkit.per_frame_mask import kind_of
from spatialclaw_ros.toolkit.per_frame_mask import PerFrameMask
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback

V = TypeVar('V')


@guided
class PerFrame(Generic[V]):
    """One value per frame, `[f]` by absolute frame number; `about` tells what it is."""

    def __init__(self, about: str, frames: Sequence[int], value: Callable[[int], V]) -> None:
        """`value(frame)` gives the value of one of `frames`."""
        self._about, self._value = about, value
        self.frame_indices = list(frames)

    def __getitem__(self, frame: Any) -> V:
        number = frame_number(frame)
        if number not in self.frame_indices:
            raise missing_frame(f'.{self._about.split(":")[0]}', number, self.frame_indices)
        return self._value(number)

    def __contains__(self, frame: object) -> bool:
        return frame in self.frame_indices

    def __len__(self) -> int:
        return len(self.frame_indices)

    def __iter__(self) -> Any:
        name = self._about.split(':')[0]
        raise TypeError(f'.{name} is indexed by absolute frame number: write '
                        f'for f in recon.frame_indices: recon.{name}[f]')

    def __repr__(self) -> str:
        return f'<{self._about}, by frame {shortened(self.frame_indices)}>'


class PerFramePoints(PerFrame[np.ndarray]):
    """Points per frame, with their confidence beside them."""

    def __init__(self, frames: Sequence[int], value: Callable[[int], np.ndarray],
                 confidence: PerFrame[np.ndarray]) -> None:
        """Points by `value(frame)`; `confidence[f]` belongs to them pixel by pixel."""
        super().__init__('points: (H,W,3) float32 m, world, NaN unknown', frames, value)
        self.confidence = confidence


@guided
class Reconstruction:
    """Depth, points and poses of frames in one world, indexed by absolute frame number `f`.

    `.depth[f]` (H, W) m · `.points[f]` (H, W, 3) m, world · `.confidence[f]` (H, W) 0-1 ·
    `.sigma[f]` (H, W) m · `.source_map[f]` (H, W) 0 unknown, 1 depth sensor, 2 network ·
    `.intrinsics[f]` dict · `.extrinsics[f]` (4, 4) camera-to-world, optical axes. `.up` (3,)
    world, None where gravity is unknown; `.gravity_direction` the same.
    """

    def __init__(self, window: FrameWindow, surfaces: dict[int, FrameSurface],
                 metric_scale: float, source: str, up: np.ndarray | None) -> None:
        """Hold `surfaces` by frame number, in order; `up` (3,) world, None where unknown."""
        self._window, self._surfaces = window, surfaces
        self.frame_indices = list(surfaces)
        self.num_frames = len(surfaces)
        self.metric_scale, self.source = metric_scale, source
        self.world_frame = window.world_frame
        self.up = self.gravity_direction = up
        frames = self.frame_indices
        self.depth = PerFrame('depth: (H,W) float32 m along z, NaN unknown', frames,
                              lambda f: surfaces[f].depth)
        self.confidence = PerFrame('confidence: (H,W) float32 0-1, P(depth within 3 sigma)',
                                   frames, lambda f: surfaces[f].confidence)
        self.points = PerFramePoints(frames, lambda f: surfaces[f].points, self.confidence)
        self.sigma = PerFrame('sigma: (H,W) float32 m, one sigma along the ray', frames,
                              lambda f: surfaces[f].sigma)
        self.source_map = PerFrame('source_map: (H,W) uint8, 0 unknown, 1 depth sensor, 2 network',
                                   frames, lambda f: surfaces[f].source_map)
        self.intrinsics = PerFrame('intrinsics: fx fy cx cy, pixels', frames,
                                   lambda f: surfaces[f].camera.intrinsics)
        self.extrinsics = PerFrame('extrinsics: (4,4) camera-to-world, x right y down z forward',
                                   frames, self._extrinsics)

    def _extrinsics(self, frame: int) -> np.ndarray:
        pose = self._surfaces[frame].pose
        return np.eye(4) if pose is None else np.array(pose)

    def surface(self, frame: Any) -> FrameSurface:
        """Everything about one frame; KeyError with the nearest frame that exists."""
        number = frame_number(frame)
        if number not in self._surfaces:
            raise missing_frame('the reconstruction', number, self.frame_indices)
        return self._surfaces[number]

    def nearest(self, frame: Any) -> int:
        """The reconstructed frame number nearest to `frame`."""
        return min(self.frame_indices, key=lambda f: abs(f - frame_number(frame)))

    def common_frames(self, mask: PerFrameMask) -> list[int]:
        """Frame numbers that both this and `mask` have."""
        return [f for f in self.frame_indices if f in mask.frame_indices]

    def could_see(self, point: Any, frame: Any) -> bool:
        """Whether `point` (3,) world m is in that frame's image, and not behind what is there."""
        return self.surface(frame).could_see(np.asarray(point, float))

    def world_of(self, frame: Any) -> str:
        """Name of the world that frame's points are in; two names are not comparable."""
        surface = self.surface(frame)
        if surface.pose is not None or len(self._window.frames) == 1:
            return self.world_frame
        return f'camera of frame {surface.frame.index}'

    def objects(self, mask: Any, names: Any = None, merge: bool = True) -> ObjectList:
        """The objects of `mask` (one, a list or a dict) as [Object3D], every view together.

        Frames in which an object is masked and that are reconstructed are its views. Masks of one
        label (mug, mug_1) that were made apart, per image or camera, and show the same surface in
        the world, are one object; `merge=False` keeps them apart, and so do names that are given
        one by one: `names`, which replaces the labels, or the keys of a dict. Nothing found gives
        an empty list.
        """
        masks = as_masks(mask)
        masks = masks if names is None else masks.named(names)
        given = {str(name) for told in (names, mask) if isinstance(told, (list, tuple, dict))
                 for name in told if isinstance(name, str)}
        parts = []
        for number, label in enumerate(masks.labels):
            seen = [m for m in masks.instances(number) if m.frame in self._surfaces]
            if not seen:
                raise missing_frame(
                    f'object {label!r} (masked in frames {masks.frames_of(number)}): the '
                    'reconstruction', masks.frames_of(number)[0], self.frame_indices)
            parts.append([self._part(m) for m in seen])
        kinds = [label if label in given or not merge else kind_of(label) for label in masks.labels]
        built = [build_object(name, [part for n in numbers for part in parts[n]], self.up)
                 for name, numbers in self._things(masks.labels, kinds, parts)]
        for thing in built:
            if thing.note:
                note(f'{thing.name}: {thing.note}')
        return ObjectList(built, masks.reason)

    def _things(self, labels: Sequence[str], kinds: Sequence[str],
                parts: Sequence[Sequence[ViewPart]]) -> list[tuple[str, list[int]]]:
        """Which of the objects are one thing: a name, and their numbers."""
        frames = [{part.frame.index for part in own} for own in parts]
        if not any(kinds[i] == kinds[j] and not frames[i] & frames[j]
                   for i in range(len(parts)) for j in range(i)):
            return [(label, [number]) for number, label in enumerate(labels)]
        groups: dict[int, list[int]] = {}
        same = same_things([[masked_view(part) for part in own] for own in parts], kinds)
        for number, thing in enumerate(same):
            groups.setdefault(thing, []).append(number)
        for numbers in groups.values():
            if len(numbers) > 1:
                note(f'{", ".join(labels[n] for n in numbers)} show one thing and are one object; '
                     'objects(…, merge=False) keeps them apart')
        return _named(list(groups.values()), labels, kinds)

    def _part(self, mask: Any) -> ViewPart:
        surface = self._surfaces[mask.frame]
        return ViewPart(surface.frame, surface.geometry, mask)

    def render_bev(self, masks: Any = None, labels: Any = None, ref_frame: Any = None,
                   ego_trajectory: bool = True) -> VisualFeedback:
        """Top view with metric axes: points, object footprints and paths, camera path.

        `masks`: one, a list, or a dict name → mask; frames are matched by number. `ref_frame`:
        the frame whose camera looks up in the plot (default: the first).
        """
        chosen = PerFrameMask.nothing('') if masks is None else as_masks(masks)
        if labels is not None and masks is not None:
            chosen = chosen.named(labels)
        reference = self.frame_indices[0] if ref_frame is None else self.surface(
            ref_frame).frame.index
        return draw_bev(self, chosen, reference, ego_trajectory)

    def __repr__(self) -> str:
        up = 'gravity unknown' if self.up is None else f'up {np.round(self.up, 3).tolist()}'
        return (f'Reconstruction: frames {shortened(self.frame_indices)}, world '
                f'{self.world_frame!r}, {up}, {self.source}\n  .points[f] (H,W,3) m · .depth[f] '
                '.confidence[f] .sigma[f] .source_map[f] (H,W) · .extrinsics[f] (4,4) · '
                '.objects(mask)')


def _named(things: Sequence[list[int]], labels: Sequence[str], kinds: Sequence[str]
           ) -> list[tuple[str, list[int]]]:
    """Things with their names: their label; where masks of a kind were merged, numbered anew."""
    named = []
    for numbers in things:
        kind = kinds[numbers[0]]
        alike = [other for other in things if kinds[other[0]] == kind]
        name = labels[numbers[0]]
        if any(len(other) > 1 for other in alike):
            name = kind if len(alike) == 1 else f'{kind}_{alike.index(numbers)}'
        named.append((name, numbers))
    return named


class ObjectList(list[Object3D]):
    """The objects found, by position or name; an empty one that is asked says why it is empty."""

    def __init__(self, objects: Sequence[Object3D], reason: str) -> None:
        """Hold `objects`; `reason` tells why there are none."""
        super().__init__(objects)
        self.reason = reason

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            named = [one for one in self if one.name == index]
            if len(named) != 1:
                raise KeyError(f'{len(named)} objects are named {index!r}; there are '
                               f'{[one.name for one in self]}')
            return named[0]
        try:
            return super().__getitem__(index)
        except IndexError:
            why = f': {self.reason}' if self.reason and not self else ''
            raise IndexError(f'there are {len(self)} objects, no [{index}]{why}') from None
