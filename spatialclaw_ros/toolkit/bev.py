"""Top view of a reconstruction."""

from __future__ import annotations

from typing import Any
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np
from PIL import Image
from scipy.spatial import ConvexHull
from scipy.spatial import QhullError

from spatialclaw_ros.toolkit.overlay import color
from spatialclaw_ros.toolkit.visual_feedback import VisualFeedback

if TYPE_CHECKING:
    from spatialclaw_ros.toolkit.per_frame_mask import PerFrameMask
    from spatialclaw_ros.toolkit.reconstruction import Reconstruction

_CLOUD_FRAMES = 6
_CLOUD_POINTS = 4000
#: An object is drawn as moving when its centroid wanders by this share of its size.
_MOVES = 0.15


def top_axes(pose: np.ndarray, up: np.ndarray | None) -> np.ndarray:
    """Rows right, forward (2, 3) in the ground plane as the camera at `pose` (4, 4) looks.

    Where gravity is unknown the camera's own y axis stands for it.
    """
    vertical = -pose[:3, 1] if up is None else np.asarray(up, float)
    forward = pose[:3, 2] - vertical * (pose[:3, 2] @ vertical)
    if np.linalg.norm(forward) < 0.2:
        forward = -pose[:3, 1] - vertical * (-pose[:3, 1] @ vertical)
    forward = forward / np.linalg.norm(forward)
    return np.array([np.cross(forward, vertical), forward])


def draw_bev(recon: Reconstruction, masks: PerFrameMask, reference: int,
             ego_trajectory: bool) -> VisualFeedback:
    """Picture from above, metres right and forward of camera `reference`."""
    pose = recon.extrinsics[reference]
    axes = top_axes(pose, recon.up)

    def flat(points: np.ndarray) -> np.ndarray:
        return (np.asarray(points, float) - pose[:3, 3]) @ axes.T

    world = recon.world_of(reference)
    frames = [f for f in recon.frame_indices if recon.world_of(f) == world]
    figure = Figure(figsize=(8, 8), layout='constrained')
    plot = figure.add_subplot()
    plot.set_aspect('equal', adjustable='datalim')
    _cloud(plot, recon, frames, flat)
    used = [_object(plot, recon, masks, number, label, frames, flat)
            for number, label in enumerate(masks.labels)]
    if ego_trajectory:
        _cameras(plot, recon, frames, flat)
    if plot.patches:
        _zoom(plot, flat(np.array([recon.extrinsics[f][:3, 3] for f in frames])))
    plot.grid(alpha=0.3)
    plot.set_xlabel(f'metres right of camera, frame {reference}')
    plot.set_ylabel(f'metres forward of camera, frame {reference}')
    gravity = '' if recon.up is not None else ' (gravity unknown: as the camera stands)'
    plot.set_title(f'Top view{gravity}')
    if masks.num_objects:
        plot.legend(loc='upper right', fontsize=8)
    return VisualFeedback(_image(figure), 'top view', '; '.join(used) or f'frames {frames[:8]}',
                          reference)


def _image(figure: Figure) -> Image.Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())


def _zoom(plot: Axes, cameras: np.ndarray) -> None:
    """Limit the plot to the objects and the cameras, with some room about them."""
    shown = np.concatenate([cameras, *(np.asarray(patch.get_path().vertices)
                                       for patch in plot.patches)])
    low, high = shown.min(axis=0), shown.max(axis=0)
    half = max(float((high - low).max()) * 0.6, 0.5)
    (x, y) = (low + high) / 2
    plot.set_aspect('equal', adjustable='box')
    plot.set_xlim(x - half, x + half)
    plot.set_ylim(y - half, y + half)


def _cloud(plot: Axes, recon: Reconstruction, frames: list[int], flat: Any) -> None:
    chosen = [frames[i] for i in np.unique(
        np.linspace(0, len(frames) - 1, min(len(frames), _CLOUD_FRAMES)).astype(int))]
    for frame in chosen:
        surface = recon.surface(frame)
        step = max(int(np.sqrt(surface.depth.size / _CLOUD_POINTS)), 1)
        points = surface.points[::step, ::step].reshape(-1, 3)
        colors = surface.frame.image[::step, ::step].reshape(-1, 3) / 255
        known = np.isfinite(points).all(axis=1)
        if known.any():
            xy = flat(points[known])
            plot.scatter(xy[:, 0], xy[:, 1], s=2, c=colors[known], alpha=0.5, linewidths=0)


def _object(plot: Axes, recon: Reconstruction, masks: PerFrameMask, number: int, label: str,
            frames: list[int], flat: Any) -> str:
    """Footprint and, where it moves, path of one object; says which frames were used."""
    views = {f: masks.get_masked_points(recon, f, number) for f in masks.frames_of(number)
             if f in frames}
    views = {f: points for f, points in views.items() if len(points) >= 4}
    if not views:
        return f'{label}: no measured points in common frames, not drawn'
    shade = np.array(color(number)) / 255
    centers = flat(np.array([np.median(points, axis=0) for points in views.values()]))
    everything = flat(np.concatenate(list(views.values())))
    last = flat(list(views.values())[-1])
    size = np.linalg.norm(np.ptp(last, axis=0))
    wanders = np.linalg.norm(centers - centers[0], axis=1).max()
    moves = bool(wanders > max(_MOVES * size, 0.05))
    outline = _outline(last if moves else everything)
    plot.fill(*outline.T, facecolor=(*shade, 0.35), edgecolor=shade, linewidth=2,
              label=f'{number}: {label}')
    middle = outline.mean(axis=0)
    plot.annotate(label, middle, color='black', fontsize=9, ha='center')
    if moves:
        plot.plot(*centers.T, '-', color=shade)
        plot.annotate('', centers[-1], centers[-2], arrowprops={'arrowstyle': '->',
                                                                'color': shade})
    return f'{label}: frames {list(views)[:8]}' + (', moving' if moves else '')


def _outline(xy: np.ndarray) -> np.ndarray:
    try:
        return xy[ConvexHull(xy).vertices]
    except QhullError:
        low, high = xy.min(axis=0), xy.max(axis=0)
        return np.array([low, [high[0], low[1]], high, [low[0], high[1]]])


def _cameras(plot: Axes, recon: Reconstruction, frames: list[int], flat: Any) -> None:
    poses = [recon.extrinsics[f] for f in frames]
    places = flat(np.array([p[:3, 3] for p in poses]))
    ahead = flat(np.array([p[:3, 3] + 0.15 * p[:3, 2] for p in poses]))
    plot.plot(*places.T, 'k.-', linewidth=1)
    for frame, place, tip in zip(frames, places, ahead, strict=True):
        plot.annotate('', tip, place, arrowprops={'arrowstyle': '->', 'color': 'black'})
        if len(frames) <= 12:
            plot.annotate(f'cam {frame}', place, fontsize=7)
