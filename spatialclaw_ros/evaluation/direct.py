"""Measures asked of label images without an agent: the fast way to check their error bars."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import math
from typing import Any

import numpy as np

from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.evaluation.coverage import placements
from spatialclaw_ros.evaluation.score import Score
from spatialclaw_ros.evaluation.score import score
from spatialclaw_ros.findings import measures
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.answer import Relation
from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.findings.build import ViewPart
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.measures.inputs import as_object
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.perception.depth_camera import DepthCamera
from spatialclaw_ros.perception.label_images import LabelImages
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.simulation.probe import Probe

Things = Mapping[str, Object3D]
Measure = Callable[[Things, Probe], Distance | Quantity | Position | Relation]


def measure(probe: Probe, window: FrameWindow) -> Answer:
    """The measure of the probe's family on the objects of its names, as an answer.

    Raises KeyError for a family that is not in MEASURES.
    """
    family = MEASURES[probe.family]
    try:
        return _answer(family(objects(probe.names, window), probe))
    except SpatialError as error:
        return Answer(error.code, message=str(error))


def score_placements(families: Sequence[str], count: int, first_seed: int, views: int
                     ) -> list[Score]:
    """Scores of `families`' measures over `count` placements, each seen in `views` frames."""
    return [score(placement.asked(probe), measure(probe, placement.window(probe)))
            for placement in placements(families, count, first_seed, views)
            for probe in placement.probes]


def _answer(finding: Distance | Quantity | Position | Relation) -> Answer:
    if isinstance(finding, Relation):
        return Answer(ErrorCode.NONE, text=finding.word, evidence=(finding,))
    if isinstance(finding, Position):
        return Answer(ErrorCode.NONE, position=finding.point, evidence=(finding,),
                      std_dev=math.sqrt(float(np.trace(finding.covariance))))
    unit = finding.unit if isinstance(finding, Quantity) else 'm'
    scale, unit = (math.degrees(1.0), 'deg') if unit == 'rad' else (1.0, unit)
    interval = Interval(finding.interval.low * scale, finding.interval.high * scale)
    return Answer(ErrorCode.NONE, value=finding.value * scale, unit=unit, interval=interval,
                  std_dev=finding.sigma.total * scale, evidence=(finding,))


def _pair(function: Callable[..., Distance | Relation], **options: Any) -> Measure:
    return lambda things, probe: function(
        things[probe.names[0]], things[probe.names[1]], **options)


def _single(function: Callable[[Object3D], Distance | Quantity | Position]) -> Measure:
    return lambda things, probe: function(things[probe.names[0]])


def _ranked(function: Callable[[Object3D], Distance | Quantity], largest: bool) -> Measure:
    return lambda things, probe: measures.chosen(
        probe.names, [function(things[name]) for name in probe.names], largest=largest)


def _from_camera(thing: Object3D) -> Distance:
    return measures.closest_distance(thing, as_object(thing.views[-1].origin, sigma=0.0))


def _nearest(things: Things, probe: Probe) -> Relation:
    to, *among = probe.names
    return measures.chosen(
        among, [measures.closest_distance(things[name], things[to]) for name in among],
        largest=False)


#: Family of questions → the measure that answers it.
MEASURES: dict[str, Measure] = {
    'closest': _pair(measures.closest_distance),
    'centres': _pair(measures.centroid_distance),
    'gap': _pair(measures.gap),
    'from_camera': _single(_from_camera),
    'position_world': _single(measures.position),
    'position_camera': _single(
        lambda thing: measures.position(thing, thing.frame_indices[-1])),
    'height': _single(measures.height),
    'elevation': lambda things, probe: measures.above(
        things[probe.names[0]], things[probe.names[1]]),
    'length': _single(lambda thing: measures.size(thing)[0]),
    'width': _single(lambda thing: measures.extent(thing, 'width')),
    'left_right': _pair(measures.direction, among=('left', 'right')),
    'front_behind': _pair(measures.direction, among=('front', 'behind')),
    'above_below': _pair(measures.direction, among=('above', 'below')),
    'nearest_to_camera': _ranked(_from_camera, largest=False),
    'farthest_from_camera': _ranked(_from_camera, largest=True),
    'nearest': _nearest,
    'tallest': _ranked(measures.height, largest=True),
    'biggest': _ranked(lambda thing: measures.size(thing)[0], largest=True),
    'on': _pair(measures.on),
    'tilt': _single(measures.tilt),
    'lean': _single(measures.lean),
    'camera_angle': _single(
        lambda thing: measures.camera_angle(measures.plane(thing), thing.views[-1])),
    'camera_height': _single(
        lambda thing: measures.camera_height(measures.plane(thing), thing.views[-1])),
}


def objects(names: tuple[str, ...], window: FrameWindow) -> dict[str, Object3D]:
    """Object of each of `names`, from the label images and depth of every frame of `window`."""
    numbers = tuple(frame.index for frame in window.frames)
    geometry = {g.frame: g for g in DepthCamera().reconstruct(window.frames).frames}
    found = {}
    for name in names:
        masks = LabelImages().segment_text(
            SegmentText(numbers, (name,), (name,)), window.frames).masks
        first = min((mask.object_id for mask in masks), default=0)
        parts = [ViewPart(window.at(mask.frame), geometry[mask.frame], mask)
                 for mask in masks if mask.object_id == first]
        found[name] = build_object(name, parts, window.up)
    return found
