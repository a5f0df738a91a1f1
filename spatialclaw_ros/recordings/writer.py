"""Write frames as a scene folder in the layout that `bop` reads."""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any

import numpy as np

from spatialclaw_ros.recordings.images import write_png
from spatialclaw_ros.scene import Frame

#: Millimetres of one count of a written depth image.
DEPTH_SCALE = 0.2


def write_recording(folder: Path, frames: Sequence[Frame], up: np.ndarray | None) -> None:
    """Write `frames` to `folder`, which is made; their numbers become the file names.

    Depth beyond 13.1 m, too close or unknown is written as 0. `up` (3,) is against gravity in
    the world of the frames' poses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cameras = {}
    names: dict[int, str] = {}
    for frame in frames:
        write_png(folder / 'rgb' / f'{frame.index:06d}.png', frame.image)
        if frame.depth is not None:
            write_png(folder / 'depth' / f'{frame.index:06d}.png', depth_counts(frame.depth))
        if frame.labels is not None:
            dtype = np.uint8 if max(frame.labels.names, default=0) < 256 else np.uint16
            write_png(folder / 'labels' / f'{frame.index:06d}.png',
                      np.asarray(frame.labels.ids).astype(dtype))
            names.update(frame.labels.names)
        cameras[str(frame.index)] = _camera_entry(frame)
    write_json(folder / 'scene_camera.json', cameras)
    write_json(folder / 'scene_info.json', _info(frames, up))
    if names:
        write_json(folder / 'labels.json', {str(key): names[key] for key in sorted(names)})


def depth_counts(depth: np.ndarray) -> np.ndarray:
    """(H, W) uint16 counts of DEPTH_SCALE mm from metres; 0 where there is no reading."""
    counts = np.nan_to_num(depth * (1000.0 / DEPTH_SCALE), nan=0.0, posinf=0.0, neginf=0.0)
    return np.where((counts > 0) & (counts < 65535.5), np.rint(counts), 0).astype(np.uint16)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + '\n', 'utf-8')


def _camera_entry(frame: Frame) -> dict[str, Any]:
    entry: dict[str, Any] = {
        'cam_K': frame.camera.matrix.reshape(-1).tolist(), 'depth_scale': DEPTH_SCALE}
    if frame.camera_to_world is not None:
        rotation = frame.camera_to_world[:3, :3].T
        entry['cam_R_w2c'] = rotation.reshape(-1).tolist()
        entry['cam_t_w2c'] = (-1000.0 * rotation @ frame.camera_to_world[:3, 3]).tolist()
    if frame.camera.is_distorted:
        entry['distortion_model'] = frame.camera.distortion_model
        entry['distortion'] = list(frame.camera.distortion)
    return entry


def _info(frames: Sequence[Frame], up: np.ndarray | None) -> dict[str, Any]:
    info: dict[str, Any] = {
        'world_up': None if up is None else [float(value) for value in up],
        'rectified': not any(frame.camera.is_distorted for frame in frames)}
    posed = [frame for frame in frames if frame.camera_to_world is not None]
    if posed:
        info['pose_sigma'] = {'translation': max(f.pose_sigma.translation for f in posed),
                              'rotation': max(f.pose_sigma.rotation for f in posed)}
    return info
