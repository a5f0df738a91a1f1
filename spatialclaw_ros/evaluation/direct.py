"""Measures asked of label images without an agent: the fast way to check their error bars."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import math

from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.findings import measures
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Quantity
from spatialclaw_ros.findings.build import build_object
from spatialclaw_ros.findings.build import ViewPart
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.findings.objects import Object3D
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.perception.depth_camera import DepthCamera
from spatialclaw_ros.perception.label_images import LabelImages
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.simulation.probe import Probe

Finding = Distance | Quantity
Measure = Callable[[Mapping[str, Object3D], Probe], Finding]


def _closest(things: Mapping[str, Object3D], probe: Probe) -> Finding:
    return measures.closest_distance(things[probe.names[0]], things[probe.names[1]])


#: Family of questions → the measure that answers it.
MEASURES: dict[str, Measure] = {'closest': _closest}


def measure(probe: Probe, window: FrameWindow) -> Answer:
    """The measure of the probe's family on the objects of its names, as an answer."""
    try:
        finding = MEASURES[probe.family](objects(probe.names, window), probe)
    except SpatialError as error:
        return Answer(error.code, message=str(error))
    value, unit = finding.value, finding.unit if isinstance(finding, Quantity) else 'm'
    scale = 1.0
    if unit == 'rad':
        scale, unit = math.degrees(1.0), 'deg'
    interval = type(finding.interval)(finding.interval.low * scale, finding.interval.high * scale)
    return Answer(ErrorCode.NONE, value=value * scale, unit=unit, interval=interval,
                  std_dev=finding.sigma.total * scale, evidence=(finding,))


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
