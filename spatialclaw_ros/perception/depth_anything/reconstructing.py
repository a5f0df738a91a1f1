"""From what a network says to metres in one world, whatever the network is."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
import math
from typing import Protocol

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.content import check_content
from spatialclaw_ros.perception.depth_anything.asked import asked_of
from spatialclaw_ros.perception.depth_anything.asked import company_of
from spatialclaw_ros.perception.depth_anything.asked import newest_of
from spatialclaw_ros.perception.depth_anything.consistency import disagreement
from spatialclaw_ros.perception.depth_anything.consistency import pairs_of
from spatialclaw_ros.perception.depth_anything.consistency import Placed
from spatialclaw_ros.perception.depth_anything.error_bars import calibrated
from spatialclaw_ros.perception.depth_anything.error_bars import frame_scale
from spatialclaw_ros.perception.depth_anything.error_bars import prior
from spatialclaw_ros.perception.depth_anything.error_bars import spread_between
from spatialclaw_ros.perception.depth_anything.joining import joined
from spatialclaw_ros.perception.depth_anything.placing import CameraPlace
from spatialclaw_ros.perception.depth_anything.placing import placed
from spatialclaw_ros.perception.depth_anything.prediction import Gauge
from spatialclaw_ros.perception.depth_anything.prediction import NetworkView
from spatialclaw_ros.perception.depth_anything.priors import IN_GAUGE_SIGMA
from spatialclaw_ros.perception.depth_anything.samples import Seen
from spatialclaw_ros.perception.depth_anything.samples import seen_in
from spatialclaw_ros.perception.depth_anything.scale import common_scale
from spatialclaw_ros.perception.depth_anything.scale import Scale
from spatialclaw_ros.perception.depth_anything.upright import found_up
from spatialclaw_ros.perception.depth_anything.upright import Upright
from spatialclaw_ros.perception.depth_anything.views import are_related
from spatialclaw_ros.perception.depth_anything.views import best_links
from spatialclaw_ros.perception.depth_anything.views import groups
from spatialclaw_ros.perception.depth_anything.views import overlaps
from spatialclaw_ros.perception.depth_anything.wording import source_of
from spatialclaw_ros.perception.depth_anything.world import key_of
from spatialclaw_ros.perception.depth_anything.world import links_of
from spatialclaw_ros.perception.depth_anything.world import Told
from spatialclaw_ros.perception.depth_anything.world import World
from spatialclaw_ros.perception.depth_anything.world import Worlds
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import PoseSigma

#: Frames by which others are joined at a time.
_LINKS = 3


class Looks(Protocol):
    """What the network says; see `Predictor`."""

    def gauge(self, frames: Sequence[Frame], cancelled: Cancelled) -> Gauge:
        """Views of `frames`, several related to each other."""

    def metres(self, frames: Sequence[Frame], cancelled: Cancelled) -> Gauge:
        """Views of each of `frames` by a metric network."""


class Reconstructor:
    """Answers Reconstruct, one world for each query."""

    def __init__(self, network: Looks) -> None:
        """Ask `network`; no world is known yet."""
        self._network = network
        self._worlds = Worlds()

    def answer(self, call: EngineCall, cancelled: Cancelled) -> Reconstructed:
        """Geometry of the asked frames, in their order.

        Known poses hold as they are. Without any the world is the newest frame's camera. Frames
        that were told before are told again alike, and new ones are aligned to them where they
        show the same, else scaled anew; but where the scale was poorly known, frames with poses
        that tell it twice as well begin a new world. Raises NoFrames, ValueError for what is no
        pose, NotVisible where no asked frame shows anything, Unanswerable where no scale can be
        known.
        """
        asked = asked_of(call)
        blank = check_content(asked, DEPTH_ANYTHING)
        keys = {frame.index: key_of(frame) for frame in call.frames}
        world = self._worlds.of(call.frames, keys)
        if world is None:
            world = self._opened(call, asked, keys, cancelled)
        elif (world.is_poor and _are_posed(call.frames)
              and not all(keys[frame.index] in world.told for frame in asked)):
            world = self._better(world, call, asked, keys, cancelled)
        self._worlds.keep(call.frames, keys, world)
        missing = [frame for frame in asked if keys[frame.index] not in world.told]
        if missing:
            self._extend(world, missing, call, keys, cancelled)
        answers = [(frame, world.told[keys[frame.index]]) for frame in asked]
        geometries = tuple(told.geometry(frame, world.bars) for frame, told in answers)
        self._worlds.forget()
        return Reconstructed(geometries, world.scale.value, source_of(world, answers, blank),
                             world.up if call.up is None else None)

    def _better(self, world: World, call: EngineCall, asked: Sequence[Frame],
                keys: dict[int, bytes], cancelled: Cancelled) -> World:
        """A new world of `call` where its scale is twice as sure as that of `world`, else that."""
        try:
            opened = self._opened(call, asked, keys, cancelled)
        except Unanswerable:
            return world
        return opened if opened.scale.sigma < world.scale.sigma / 2 else world

    def _opened(self, call: EngineCall, asked: Sequence[Frame], keys: dict[int, bytes],
                cancelled: Cancelled) -> World:
        """The world of `call`, with the asked frames and their company told in it."""
        members = company_of(asked, call.frames)
        gauge = self._network.gauge(members, cancelled)
        seen, common = self._scaled(gauge, members, call.up, None, cancelled)
        scales = [frame_scale(*pair) for pair in zip(seen, common, strict=True)]
        views = {keys[one.frame.index]: one.view for one in seen}
        bases = _bases(members, call.frames, keys)
        places = [_place(one, keys, bases, views, common[0]) for one in seen]
        stood = [Placed(one, pose) for one, place in zip(seen, places, strict=True)
                 if (pose := _pose(one.frame, place)) is not None]
        bars = calibrated(seen, scales) or prior(spread_between(
            [disagreement(a, b, common[0].value) for a, b in pairs_of(stood)]))
        upright = found_up(stood) if call.up is None else Upright(
            None, 'gravity as given with the frames')
        world = World(common[0], bars, upright.up, upright.how, gauge.checkpoint, gauge.licence,
                      any(frame.camera_to_world is not None for frame in call.frames),
                      links_of(members, keys), bases)
        for one, known, own, place in zip(seen, common, scales, places, strict=True):
            world.tell(keys[one.frame.index], Told(one.view, known, own, place))
        return world

    def _extend(self, world: World, missing: Sequence[Frame], call: EngineCall,
                keys: dict[int, bytes], cancelled: Cancelled) -> None:
        """Tell `missing` frames in `world`, those that show the same together.

        They are joined by frames told before that show it too; scaled anew where none does.
        """
        links = {key: frame for frame in call.frames if (key := keys[frame.index]) in world.told}
        together: list[tuple[bytes | None, Frame]] = sorted(
            [*(world.links | links).items(), *((None, frame) for frame in missing)],
            key=lambda pair: pair[1].stamp)
        shared = overlaps([frame for _, frame in together], world.depth())
        held = [i for i, (key, _) in enumerate(together) if key is not None]
        for group in groups([i for i in range(len(together)) if i not in held], shared):
            near = [i for i in held if any(are_related(i, j, shared) for j in group)]
            by = [(key, frame) for key, frame in (
                together[i] for i in best_links(near, group, shared, _LINKS)) if key is not None]
            frames = [together[i][1] for i in group]
            seen, common = self._joined(world, frames, by, call.up, cancelled) or (
                self._anew(world, frames, call, keys, cancelled))
            known = {key: world.told[key].view for key in world.bases}
            for one, scale in zip(seen, common, strict=True):
                place = _place(one, keys, world.bases, known, scale)
                world.tell(keys[one.frame.index],
                           Told(one.view, scale, frame_scale(one, scale), place))

    def _joined(self, world: World, frames: Sequence[Frame], links: Sequence[tuple[bytes, Frame]],
                up: np.ndarray | None, cancelled: Cancelled
                ) -> tuple[list[Seen], list[Scale]] | None:
        """`frames` in the gauge of `world` by `links`, told before; None where that fails."""
        if not links:
            return None
        order = sorted([*((None, frame) for frame in frames), *links],
                       key=lambda pair: pair[1].stamp)
        gauge = self._network.gauge([frame for _, frame in order], cancelled)
        looked = list(zip(order, gauge.views, strict=True))
        fresh = {frame.index: view for (key, frame), view in looked if key is None}
        views = [fresh[frame.index] for frame in frames]
        if not gauge.is_related:
            return self._scaled(replace(gauge, views=tuple(views)), frames, up, world.scale.value,
                                cancelled)
        joint = joined(views, [(world.told[key].view, view) for (key, _), view in looked
                               if key is not None])
        if joint is None:
            return None
        before = max((world.told[key].common for key, _ in links), key=lambda scale: scale.sigma)
        scale = replace(before, sigma=math.hypot(before.sigma, IN_GAUGE_SIGMA))
        seen = [one.believed(scale.value, scale.sigma) for one in seen_in(frames, joint)]
        return seen, [scale] * len(frames)

    def _anew(self, world: World, frames: Sequence[Frame], call: EngineCall,
              keys: dict[int, bytes], cancelled: Cancelled) -> tuple[list[Seen], list[Scale]]:
        """`frames` in the unit of `world`, by what they and others not told yet carry."""
        wanted = {frame.index for frame in frames}
        members = company_of(frames, [frame for frame in call.frames
                                      if keys[frame.index] not in world.told])
        members = [members[i] for group in groups(
            range(len(members)), overlaps(members, world.depth()))
            if wanted & {members[i].index for i in group} for i in group]
        gauge = self._network.gauge(members, cancelled)
        seen, common = self._scaled(gauge, members, call.up, world.scale.value, cancelled)
        chosen = [i for i, one in enumerate(seen) if one.frame.index in wanted]
        return [seen[i].unplaced() for i in chosen], [common[i] for i in chosen]

    def _scaled(self, gauge: Gauge, frames: Sequence[Frame], up: np.ndarray | None,
                unit: float | None, cancelled: Cancelled) -> tuple[list[Seen], list[Scale]]:
        """What was seen of `frames`, all in one unit, and the scale of each.

        The unit has `unit` metres, else as many as the first frame's own. One scale is found for
        all where the network relates them.
        """
        def metres(some: Sequence[Frame]) -> Sequence[NetworkView]:
            return self._network.metres(some, cancelled).views

        seen = seen_in(frames, gauge.views)
        own = ([common_scale(seen, gauge.is_metric, up, metres)] * len(seen) if gauge.is_related
               else [common_scale([one], gauge.is_metric, up, metres) for one in seen])
        unit = own[0].value if unit is None else unit
        seen = seen_in(frames, [one.view.scaled(scale.value / unit)
                                for one, scale in zip(seen, own, strict=True)])
        common = [replace(scale, value=unit) for scale in own]
        return [one.believed(unit, scale.sigma)
                for one, scale in zip(seen, own, strict=True)], common


def _are_posed(frames: Sequence[Frame]) -> bool:
    return all(frame.camera_to_world is not None for frame in frames)


def _bases(members: Sequence[Frame], frames: Sequence[Frame], keys: dict[int, bytes]
           ) -> dict[bytes, CameraPlace]:
    """Cameras that those without a pose are placed from: the known ones, else the newest one."""
    known = {keys[frame.index]: CameraPlace(frame.camera_to_world, frame.pose_sigma)
             for frame in members if frame.camera_to_world is not None}
    return known or {keys[newest_of(frames).index]: CameraPlace(np.eye(4), PoseSigma())}


def _place(one: Seen, keys: dict[int, bytes], bases: Mapping[bytes, CameraPlace],
           views: Mapping[bytes, NetworkView], scale: Scale) -> CameraPlace | None:
    """Where the camera of `one` stands; None where its own pose says so, or nothing does."""
    if one.frame.camera_to_world is not None:
        return None
    return bases.get(keys[one.frame.index]) or placed(one.view, bases, views, scale)


def _pose(frame: Frame, place: CameraPlace | None) -> np.ndarray | None:
    return frame.camera_to_world if place is None else place.camera_to_world
