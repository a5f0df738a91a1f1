"""From what a network says to metres in one world, whatever the network is."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Reconstructed
from spatialclaw_ros.findings.errors import Unanswerable
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
from spatialclaw_ros.perception.depth_anything.samples import Seen
from spatialclaw_ros.perception.depth_anything.samples import seen_in
from spatialclaw_ros.perception.depth_anything.samples import some_of
from spatialclaw_ros.perception.depth_anything.scale import common_scale
from spatialclaw_ros.perception.depth_anything.scale import Scale
from spatialclaw_ros.perception.depth_anything.upright import found_up
from spatialclaw_ros.perception.depth_anything.upright import Upright
from spatialclaw_ros.perception.depth_anything.views import best_links
from spatialclaw_ros.perception.depth_anything.views import overlaps
from spatialclaw_ros.perception.depth_anything.world import key_of
from spatialclaw_ros.perception.depth_anything.world import Told
from spatialclaw_ros.perception.depth_anything.world import World
from spatialclaw_ros.perception.depth_anything.world import Worlds
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import PoseSigma

#: Frames of a first call that later ones may be joined by, and so many at a time.
_KEPT_LINKS, _LINKS = 8, 3


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
        that were told before are told again alike, and new ones are aligned to them; but where
        the scale was poorly known, frames with poses that tell it twice as well begin a new
        world. Raises NoFrames, ValueError for what is no pose, Unanswerable where no scale can be
        known.
        """
        asked = asked_of(call)
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
        geometries = tuple(world.told[keys[frame.index]].geometry(frame, world.bars)
                           for frame in asked)
        world.forget()
        return Reconstructed(geometries, world.scale.value, world.source,
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
        seen = seen_in(members, gauge.views)
        common = self._scales(gauge, seen, call.up, cancelled)
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
        links = {keys[frame.index]: frame for frame in some_of(members, _KEPT_LINKS)}
        source = _source(gauge, common[0], upright, call.frames)
        world = World(common[0], bars, upright.up, source, links, bases)
        for one, own, place in zip(seen, scales, places, strict=True):
            world.told[keys[one.frame.index]] = Told(one.view, own, place)
        return world

    def _extend(self, world: World, missing: Sequence[Frame], call: EngineCall,
                keys: dict[int, bytes], cancelled: Cancelled) -> None:
        """Tell `missing` frames in `world`, joined by frames told in it before."""
        links = list(world.links.values())
        together = [*links, *missing]
        chosen = best_links(range(len(links)), range(len(links), len(together)),
                            overlaps(together), _LINKS)
        order = sorted([*chosen, *range(len(links), len(together))],
                       key=lambda i: together[i].stamp)
        gauge = self._network.gauge([together[i] for i in order], cancelled)
        again = dict(zip(order, gauge.views, strict=True))
        views = [again[i] for i in range(len(links), len(together))]
        if gauge.is_related:
            link_keys = list(world.links)
            views = joined(views, [(world.told[link_keys[i]].view, again[i]) for i in chosen])
        seen = seen_in(missing, views)
        common = ([world.scale] * len(seen) if gauge.is_related else
                  self._scales(gauge, seen, call.up, cancelled))
        known = {key: world.told[key].view for key in world.bases}
        for one, scale in zip(seen, common, strict=True):
            place = _place(one, keys, world.bases, known, world.scale)
            world.told[keys[one.frame.index]] = Told(one.view, frame_scale(one, scale), place)

    def _scales(self, gauge: Gauge, seen: Sequence[Seen], up: np.ndarray | None,
                cancelled: Cancelled) -> list[Scale]:
        """The scale of each of `seen`: one for all where the network relates them."""
        def metres(frames: Sequence[Frame]) -> Sequence[NetworkView]:
            return self._network.metres(frames, cancelled).views

        if gauge.is_related:
            return [common_scale(seen, gauge.is_metric, up, metres)] * len(seen)
        return [common_scale([one], gauge.is_metric, up, metres) for one in seen]


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


def _source(gauge: Gauge, scale: Scale, upright: Upright, frames: Sequence[Frame]) -> str:
    """Engine, checkpoint, and how scale, poses and gravity were found, in words."""
    if _are_posed(frames):
        poses = 'poses as given'
    elif any(frame.camera_to_world is not None for frame in frames):
        poses = 'poses as given, and by the network where none were'
    else:
        poses = "in the newest frame's camera" + (
            ', the others placed by the network' if len(frames) > 1 else '')
    words = (f'{DEPTH_ANYTHING} ({gauge.checkpoint}): scale from {scale.how} '
             f'(±{100 * scale.sigma:.1f} %); {poses}; {upright.how}')
    if gauge.licence.restriction:
        words += f'. The {gauge.licence.restriction}'
    return words
