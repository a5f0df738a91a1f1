"""Scene folders in the layout of the BOP benchmark, read.

``rgb/NNNNNN.png`` (or .jpg), ``depth/NNNNNN.png`` (16 bit, millimetres = value × depth_scale,
0 = no reading), ``scene_camera.json`` (per frame: cam_K, depth_scale, and cam_R_w2c, cam_t_w2c in
mm where the pose is known). Optional, beyond BOP: ``scene_info.json`` (world_up, rectified,
distortion_model, distortion, pose_sigma {translation, rotation}) and ``labels/NNNNNN.png`` with
``labels.json`` (id → name). The layout holds no time stamps: frame n is stamped n / 30 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
import math
from pathlib import Path
import re
from typing import Any

import numpy as np

from spatialclaw_ros.recordings.errors import RecordingError
from spatialclaw_ros.recordings.images import read_integers
from spatialclaw_ros.recordings.images import read_rgb
from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.scene import PoseSigma
from spatialclaw_ros.scene import Region
from spatialclaw_ros.scene.encodings import check_range
from spatialclaw_ros.scene.encodings import EncodingError

#: Frames a second assumed for stamps, which the layout does not hold.
FRAME_RATE = 30
OPTICAL_FRAME = 'camera_optical_frame'
WORLD_FRAME = 'world'
#: Error of recorded poses where the recording does not state it: metres, radians.
DEFAULT_POSE_SIGMA = PoseSigma(0.005, 0.005)

_COLOUR_ENDINGS = ('.png', '.jpg', '.jpeg')


@dataclass(frozen=True, eq=False)
class BopScene:
    """One scene folder; see Source for the meaning of its members."""

    folder: Path
    name: str
    cameras: Mapping[int, Mapping[str, Any]]
    info: Mapping[str, Any]
    label_names: Mapping[int, str]
    frame_indices: tuple[int, ...]
    world_frame: str
    up: np.ndarray | None

    @classmethod
    def open(cls, folder: Path) -> BopScene:
        """Read the folder's tables; images are read when a frame is loaded."""
        folder = folder.resolve()
        table = _read_json(folder / 'scene_camera.json')
        try:
            cameras = {int(key): dict(value) for key, value in table.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise RecordingError(
                f'{folder / "scene_camera.json"}: expected {{"frame number": {{"cam_K": …}}}}, '
                f'got {str(table)[:80]}') from error
        info = _read_json(folder / 'scene_info.json', optional=True)
        names = _read_json(folder / 'labels.json', optional=True)
        images = {int(path.stem) for path in sorted((folder / 'rgb').glob('*'))
                  if path.suffix in _COLOUR_ENDINGS and re.fullmatch(r'\d+', path.stem)}
        posed = any('cam_R_w2c' in entry for entry in cameras.values())
        return cls(folder, folder.name, cameras, info,
                   _label_names(names, folder / 'labels.json'),
                   tuple(sorted(images | set(cameras))), WORLD_FRAME if posed else '',
                   _unit_vector(info.get('world_up'), folder / 'scene_info.json'))

    def load(self, index: int) -> Frame:
        """Decode frame `index`; raises RecordingError naming the file that is wrong."""
        if index not in self.cameras:
            raise RecordingError(
                f'{self.folder / "scene_camera.json"}: no entry for frame {index}, which has an '
                'image; add its cam_K and depth_scale, or leave the frame out with --frames')
        entry = self.cameras[index]
        path = self._colour_path(index)
        image = read_rgb(path)
        depth = self._depth(index, entry, image)
        pose = self._pose(index, entry)
        return Frame(
            index=index, stamp=round(index * 1e9 / FRAME_RATE),
            camera=self._camera(index, entry, image), image=image, depth=depth,
            camera_to_world=pose,
            pose_sigma=PoseSigma() if pose is None else self._pose_sigma(),
            labels=self._labels(index, image))

    def transform_to(self, target_frame: str, stamp: int) -> np.ndarray | None:  # noqa: ARG002
        """Return None: scene folders hold no frames but world and camera."""
        return None

    def frame_ids(self) -> tuple[str, ...]:
        """No names beyond world and camera."""
        return ()

    def detections(self, frame: Frame) -> tuple[Region, ...]:  # noqa: ARG002
        """No detector's output: the masks a folder may hold are truth, not input."""
        return ()

    def _colour_path(self, index: int) -> Path:
        paths = [self.folder / 'rgb' / f'{index:06d}{ending}' for ending in _COLOUR_ENDINGS]
        return next((path for path in paths if path.is_file()), paths[0])

    def _camera(self, index: int, entry: Mapping[str, Any], image: np.ndarray) -> Camera:
        source = self.folder / 'scene_camera.json'
        matrix = _numbers(entry, 'cam_K', 9, index, source).reshape(3, 3)
        settings = {**self.info, **entry}
        distortion: tuple[float, ...] = ()
        if not settings.get('rectified', True) and settings.get('distortion'):
            distortion = _floats(settings['distortion'], 'distortion', source)
        try:
            return Camera(
                name='camera', frame_id=OPTICAL_FRAME, width=image.shape[1],
                height=image.shape[0], matrix=matrix, distortion=distortion,
                distortion_model=(
                    str(settings.get('distortion_model', 'plumb_bob')) if distortion else ''))
        except ValueError as error:
            raise RecordingError(f'{source}: frame {index}: {error}') from error

    def _depth(self, index: int, entry: Mapping[str, Any], image: np.ndarray
               ) -> np.ndarray | None:
        if not (self.folder / 'depth').is_dir():
            return None
        path = self.folder / 'depth' / f'{index:06d}.png'
        values = read_integers(path, 'depth image')
        _check_size(path, values, image, 'depth', '; register the depth to the colour image first')
        scale = float(_numbers(entry, 'depth_scale', 1, index,
                               self.folder / 'scene_camera.json')[0])
        if scale <= 0:
            raise RecordingError(
                f'{self.folder / "scene_camera.json"}: frame {index}: depth_scale {scale} must be '
                'positive (millimetres per count)')
        depth = values.astype(np.float32) * np.float32(scale / 1000.0)
        depth[values == 0] = np.nan
        try:
            check_range(depth, f'is depth_scale {scale:g} right (millimetres per count)?')
        except EncodingError as error:
            raise RecordingError(f'{path}: {error}') from error
        return depth

    def _pose(self, index: int, entry: Mapping[str, Any]) -> np.ndarray | None:
        if 'cam_R_w2c' not in entry and 'cam_t_w2c' not in entry:
            return None
        source = self.folder / 'scene_camera.json'
        rotation = _numbers(entry, 'cam_R_w2c', 9, index, source).reshape(3, 3)
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or (
                np.linalg.det(rotation) < 0):
            raise RecordingError(f'{source}: frame {index}: cam_R_w2c is no rotation')
        u, _, vt = np.linalg.svd(rotation)
        rotation = u @ vt
        pose = np.eye(4)
        pose[:3, :3] = rotation.T
        pose[:3, 3] = -rotation.T @ (_numbers(entry, 'cam_t_w2c', 3, index, source) / 1000.0)
        return pose

    def _pose_sigma(self) -> PoseSigma:
        given = self.info.get('pose_sigma')
        if not given:
            return DEFAULT_POSE_SIGMA
        source = self.folder / 'scene_info.json'
        if not isinstance(given, dict):
            raise RecordingError(f'{source}: pose_sigma must be {{"translation": metres, '
                                 f'"rotation": radians}}, got {given}')
        return PoseSigma(*_floats([given.get('translation', 0.0), given.get('rotation', 0.0)],
                                  'pose_sigma', source))

    def _labels(self, index: int, image: np.ndarray) -> LabelImage | None:
        if not self.label_names:
            return None
        path = self.folder / 'labels' / f'{index:06d}.png'
        ids = read_integers(path, 'label image')
        _check_size(path, ids, image, 'label image')
        return LabelImage(ids, dict(self.label_names))


def _check_size(path: Path, values: np.ndarray, image: np.ndarray, what: str, remedy: str = ''
                ) -> None:
    if values.shape != image.shape[:2]:
        raise RecordingError(
            f'{path}: {what} is {values.shape[1]}x{values.shape[0]}, the colour image '
            f'{image.shape[1]}x{image.shape[0]}{remedy}')


def _read_json(path: Path, optional: bool = False) -> dict[str, Any]:
    if optional and not path.exists():
        return {}
    try:
        value = json.loads(path.read_text('utf-8'))
    except FileNotFoundError as error:
        raise RecordingError(
            f'{path}: missing; a scene folder needs it (cam_K and depth_scale per frame)'
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingError(f'{path}: truncated or no JSON ({error})') from error
    if not isinstance(value, dict):
        raise RecordingError(f'{path}: expected a JSON object, got {type(value).__name__}')
    return value


def _numbers(entry: Mapping[str, Any], key: str, count: int, index: int, source: Path
             ) -> np.ndarray:
    try:
        values = np.asarray(entry[key], float).reshape(-1)
    except KeyError as error:
        raise RecordingError(f'{source}: frame {index} has no {key}') from error
    except (TypeError, ValueError) as error:
        raise RecordingError(
            f'{source}: frame {index}: {key} must be {count} numbers, got {entry[key]}') from error
    if len(values) != count or not np.isfinite(values).all():
        raise RecordingError(
            f'{source}: frame {index}: {key} must be {count} finite numbers, got {entry[key]}')
    return values


def _floats(values: Any, key: str, source: Path) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise RecordingError(f'{source}: {key} must be numbers, got {values}') from error


def _label_names(table: Mapping[str, Any], source: Path) -> dict[int, str]:
    try:
        return {int(key): str(name) for key, name in table.items()}
    except ValueError as error:
        raise RecordingError(f'{source}: expected {{"id": "name"}}, {error}') from error


def _unit_vector(value: Any, source: Path) -> np.ndarray | None:
    if value is None:
        return None
    try:
        vector = np.asarray(value, float).reshape(3)
    except (TypeError, ValueError) as error:
        raise RecordingError(f'{source}: world_up must be 3 numbers, got {value}') from error
    length = float(np.linalg.norm(vector))
    if not math.isfinite(length) or length < 1e-9:
        raise RecordingError(f'{source}: world_up must not be zero, got {value}')
    return vector / length
