"""A recording, and the windows of frames that questions are asked about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import NoTransform
from spatialclaw_ros.memory import seal
from spatialclaw_ros.recordings.bop import BopScene
from spatialclaw_ros.recordings.errors import RecordingError
from spatialclaw_ros.recordings.source import Source
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene import Region

#: Decoded frames kept, some 2 MB each at VGA.
_CACHED_FRAMES = 64


def open_recording(path: Path | str) -> Recording:
    """Open a BOP scene folder, a rosbag2 folder, or an .mcap or .db3 file.

    Raises RecordingError where `path` is none of these, or damaged.
    """
    path = Path(path)
    if not path.exists():
        raise RecordingError(f'{path}: no such recording')
    if (path / 'scene_camera.json').exists() or (path / 'rgb').is_dir():
        return Recording(BopScene.open(path))
    if path.suffix in ('.mcap', '.db3') or (path / 'metadata.yaml').exists():
        from spatialclaw_ros.recordings.rosbag import BagSource
        return Recording(BagSource.open(path))
    raise RecordingError(
        f'{path}: no recording that can be read; expected a BOP scene folder (rgb/, depth/, '
        'scene_camera.json), a rosbag2 folder (metadata.yaml), or an .mcap or .db3 file')


class Recording:
    """Frames of a recording by number, in one world where their poses are known."""

    def __init__(self, source: Source) -> None:
        """Read from `source`; frames are decoded when first used and the latest kept."""
        self.name = source.name
        self.world_frame = source.world_frame
        self.up = source.up
        self._source = source
        self._cache: OrderedDict[int, Frame] = OrderedDict()

    @property
    def frame_indices(self) -> tuple[int, ...]:
        """Numbers of the frames there are, in time order."""
        return self._source.frame_indices

    def frame(self, index: int) -> Frame:
        """Frame `index`, its arrays in sealed memory; BadGoal lists the frames there are."""
        self._check_frame(index)
        if index not in self._cache:
            self._cache[index] = _sealed(self._source.load(index))
            if len(self._cache) > _CACHED_FRAMES:
                self._cache.popitem(last=False)
        self._cache.move_to_end(index)
        return self._cache[index]

    def window(self, frames: Sequence[int] | None = None, regions: Sequence[Region] = (),
               target_frame: str = '') -> FrameWindow:
        """Window of `frames` (all when None) with `regions` put on them.

        The world is the recording's where any of these frames has a pose, else the newest
        frame's optical frame. `target_frame` may be 'world', 'camera' (optical frame of the
        newest frame), or a recorded frame's name. Regions on frames of the recording that were
        left out of `frames` are left out too. Raises BadGoal for frames or regions that are not
        in the recording, NoFrames for an empty window, NoTransform for an unknown target frame.
        """
        numbers = self.frame_indices if frames is None else tuple(dict.fromkeys(frames))
        if not numbers:
            raise NoFrames(f'recording {self.name!r}: no frame was asked for, or none is there')
        for number in numbers:
            self._check_frame(number)
        for region in regions:
            self._check_frame(region.frame, f'region {region.name!r}: ')
        seen = [self.frame(number) for number in sorted(numbers, key=self.frame_indices.index)]
        placed = [_with_regions(frame, [r for r in regions if r.frame == frame.index]
                                or self._source.detections(frame)) for frame in seen]
        posed = any(frame.camera_to_world is not None for frame in placed)
        newest = max(placed, key=lambda frame: (frame.stamp, frame.index))
        world = self.world_frame if posed else newest.camera.frame_id
        window = FrameWindow(
            frames=tuple(placed), world_frame=world,
            up=self.up if posed or len(placed) == 1 else None)
        return self._with_target(window, target_frame) if target_frame else window

    def _check_frame(self, index: int, context: str = '') -> None:
        if index not in self.frame_indices:
            raise BadGoal(
                f'{context}frame {index} is not in recording {self.name!r}; it has frames '
                f'{_short_list(self.frame_indices)}')

    def _with_target(self, window: FrameWindow, target_frame: str) -> FrameWindow:
        newest = window.newest
        pose = newest.camera_to_world
        posed = pose is not None
        if target_frame in ('camera', newest.camera.frame_id):
            if pose is None and window.world_frame != newest.camera.frame_id:
                raise NoTransform(
                    f'the newest frame, {newest.index}, has no pose in {window.world_frame!r}, '
                    f'so nothing can be given in {target_frame!r}; restrict the frames')
            to_target = np.eye(4) if pose is None else np.linalg.inv(pose)
            return replace(window, target_frame=newest.camera.frame_id,
                           world_to_target=to_target, target_moves=_camera_moves(window))
        if target_frame == window.world_frame or (target_frame == 'world' and posed):
            return replace(window, target_frame=window.world_frame, world_to_target=np.eye(4))
        recorded = self._source.transform_to(target_frame, newest.stamp) if posed else None
        if recorded is None:
            known = ['camera', newest.camera.frame_id, window.world_frame,
                     *(self._source.frame_ids() if posed else ())]
            reason = '' if posed else ' (no frame asked for has a pose, so there is no world)'
            raise NoTransform(
                f'target frame {target_frame!r} is unknown in recording {self.name!r}{reason}; '
                f'known: {", ".join(dict.fromkeys(known))}')
        return replace(window, target_frame=target_frame, world_to_target=recorded)


def _camera_moves(window: FrameWindow) -> bool:
    poses = [frame.camera_to_world for frame in window.frames if frame.camera_to_world is not None]
    return any(not np.allclose(pose, poses[0], atol=1e-6) for pose in poses[1:])


def _with_regions(frame: Frame, regions: Sequence[Region]) -> Frame:
    for region in regions:
        try:
            region.check_inside(frame.camera.width, frame.camera.height)
        except ValueError as error:
            raise BadGoal(f'frame {frame.index}: {error}') from error
    return replace(frame, regions=tuple(regions))


def _sealed(frame: Frame) -> Frame:
    """Same frame with its arrays in one sealed memory, so that kernels map them uncopied."""
    arrays = {'image': frame.image}
    if frame.depth is not None:
        arrays['depth'] = frame.depth
    shared = dict(zip(arrays, seal(list(arrays.values()), f'frame{frame.index}'), strict=True))
    return replace(frame, image=shared['image'], depth=shared.get('depth'))


def _short_list(numbers: Sequence[int]) -> str:
    text = [str(number) for number in numbers]
    return ', '.join(text if len(text) <= 12 else [*text[:6], '…', *text[-3:]])
