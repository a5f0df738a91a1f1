"""What is known about the input, without looking at it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from spatialclaw_ros.calls.requests import Opening
from spatialclaw_ros.toolkit.guided import guided


@guided
class Metadata:
    """Facts about the query's frames; see `to_dict()` for all of them at once.

    `stamps` seconds by frame number; `regions` name → frames it was drawn on; `viewpoint` is
    from where left and right are said when a question names nobody.
    """

    def __init__(self, opening: Opening) -> None:
        """Describe the frames of `opening`."""
        window = opening.window
        frames = window.frames
        self.cameras: list[str] = list(dict.fromkeys(frame.camera.name for frame in frames))
        self.num_videos = max(len(self.cameras), 1)
        self.num_images = len(frames)
        self.is_video = len(frames) > len(self.cameras)
        self.fps = opening.fps
        self.total_frames = len(frames)
        self.duration_sec = (
            (max(f.stamp for f in frames) - min(f.stamp for f in frames)) * 1e-9
            if self.is_video else None)
        counts = Counter(frame.camera.name for frame in frames)
        self.videos: list[dict[str, Any]] | None = None if self.num_videos == 1 else [
            {'name': name, 'fps': opening.fps, 'num_frames': counts[name],
             'total_frames': counts[name]} for name in self.cameras]
        self.video_source: str | None = None
        self.stamps = {frame.index: frame.stamp * 1e-9 for frame in frames}
        self.world_frame = window.world_frame
        self.target_frame = window.target_frame
        self.viewpoint = window.viewpoint
        self.has_depth = any(frame.depth is not None for frame in frames)
        self.has_poses = any(frame.camera_to_world is not None for frame in frames)
        self.regions: dict[str, list[int]] = {}
        for frame in frames:
            for region in frame.regions:
                self.regions.setdefault(region.name, []).append(frame.index)
        self.engines: dict[str, Any] = {
            'Reconstruct': opening.reconstruct_engine, 'SAM3': opening.segment_engine,
            'labels': 'any text' if opening.vocabulary is None else list(opening.vocabulary),
            'vlm': opening.has_model}
        self.reconstruct_max_frames = 64

    def to_dict(self) -> dict[str, Any]:
        """All facts, by name."""
        return dict(vars(self))

    def __repr__(self) -> str:
        depth = 'depth' if self.has_depth else 'no depth'
        poses = 'poses' if self.has_poses else 'no poses'
        return (f'Metadata: {self.num_images} images of {self.cameras}, {depth}, {poses}, world '
                f'{self.world_frame!r}, viewpoint {self.viewpoint!r},\n  engines {self.engines}')
