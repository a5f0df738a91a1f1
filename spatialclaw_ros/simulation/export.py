"""A simulated scene as a recording folder: images, poses, labels, masks, questions and truth."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spatialclaw_ros.recordings.images import write_png
from spatialclaw_ros.recordings.writer import write_json
from spatialclaw_ros.recordings.writer import write_recording
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.simulation.probe import Cast
from spatialclaw_ros.simulation.probe import Exact
from spatialclaw_ros.simulation.probe import Probe
from spatialclaw_ros.simulation.probe import tolerance
from spatialclaw_ros.simulation.questions import ask_everything
from spatialclaw_ros.simulation.simulation import Simulation
from spatialclaw_ros.simulation.truth import Shape
from spatialclaw_ros.simulation.truth import Truth

_STEP_SECONDS = 5.0


def simulate(scene: str, seed: int, out: Path, frames: int = 3, width: int = 640,
             height: int = 480, questions_each: int = 1) -> None:
    """Write `frames` views of a scene to the folder `out`, with `questions.json`.

    `questions_each` is how many questions of each family are asked at most. Raises ValueError
    for an unknown scene.
    """
    simulation = Simulation.build(scene, seed, width, height)
    moments = moments_of(frames)
    truth = Truth(simulation, moments)
    seen = [simulation.frame(moment, index) for index, moment in enumerate(moments)]
    write_recording(out, seen, simulation.up)
    _write_masks(out, seen)
    cast = Cast(truth, range(frames), np.random.default_rng([seed, 7]))
    probes = ask_everything(cast, questions_each)
    write_json(out / 'questions.json', {
        'scene': out.name, 'image_size': [width, height],
        'camera_note': f'simulated scene {scene!r}, seed {seed}; labels are exact',
        'questions': [_question(out.name, number, probe, truth)
                      for number, probe in enumerate(probes, 1)]})


def moments_of(frames: int) -> list[float]:
    """Seconds at which the views of a recording are taken."""
    return [index * _STEP_SECONDS for index in range(frames)]


def truths(probe: Probe, truth: Truth) -> tuple[Exact, Exact]:
    """Exact answer for the surface visible in the probe's views, and for the whole mesh."""
    numbers = {truth.scene.labels[number]: number for number in truth.scene.labels}
    visible: dict[str, Shape] = {}
    for name in probe.names:
        shape = truth.visible(numbers[name], probe.views)
        if shape is not None:
            visible[name] = shape
    pose = truth.poses[probe.views[-1]]
    meshes = {name: truth.mesh(numbers[name]) for name in probe.names}
    return probe.exact(visible, pose), probe.exact(meshes, pose)


def _question(scene: str, number: int, probe: Probe, truth: Truth) -> dict[str, Any]:
    visible, mesh = truths(probe, truth)
    return {
        'id': f'{scene}-{number:02d}', 'type': probe.family, 'question': probe.text,
        'answer': _plain(visible), 'unit': probe.unit or None,
        'tolerance': tolerance(visible, probe.unit), 'frame': probe.views[-1],
        'frames': list(probe.views), 'target_frame': probe.target_frame,
        'regions': regions_of(probe, truth),
        'how_measured': 'exact, from the surface visible in the frames',
        'truth_visible': _plain(visible), 'truth_mesh': _plain(mesh)}


def regions_of(probe: Probe, truth: Truth) -> Mapping[str, list[dict[str, Any]]]:
    """Boxes about every solid of the probe's names, in each of its views that shows it."""
    regions: dict[str, list[dict[str, Any]]] = {name: [] for name in probe.names}
    for number, name in truth.scene.labels.items():
        for view in probe.views if name in regions else ():
            seen = truth.sighted(number, view)
            if seen is not None:
                regions[name].append({'frame': view, 'box': list(seen.box)})
    return regions


def _write_masks(out: Path, frames: Sequence[Frame]) -> None:
    """Masks per object and their names, in the order of the masks' numbers."""
    objects: dict[str, list[dict[str, Any]]] = {}
    for frame in frames:
        objects[str(frame.index)] = []
        if frame.labels is None:
            continue
        for number, name in frame.labels.names.items():
            mask = frame.labels.ids == number
            if mask.any():
                place = len(objects[str(frame.index)])
                write_png(out / 'mask_visib' / f'{frame.index:06d}_{place:06d}.png',
                          mask.astype(np.uint8) * 255)
                objects[str(frame.index)].append({'obj_id': number, 'name': name})
    write_json(out / 'scene_objects.json', objects)


def _plain(value: Exact) -> Any:
    if isinstance(value, tuple):
        return [round(number, 5) for number in value]
    if isinstance(value, float):
        return int(value) if value == int(value) else round(value, 5)
    return value
