"""Frames made by hand, and the bundled recordings with their hand-drawn masks."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path

import cv2
import numpy as np

from spatialclaw_ros.scene import Camera
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import LabelImage
from spatialclaw_ros.scene import Region

DATA = Path(__file__).parents[1] / 'data'
RECORDINGS = ('apc_shelf_bin', 'tum_fr2_desk', 'ycb_table_a')
SIZE = (240, 320)


def camera(focal: float = 300.0, size: tuple[int, int] = SIZE) -> Camera:
    height, width = size
    matrix = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    return Camera('camera', 'camera_optical', width, height, matrix)


def frame(image=None, depth=None, *, index=0, regions=(), labels=None, pose=None) -> Frame:
    if image is None:
        image = np.zeros((*SIZE, 3), np.uint8)
    if labels is not None:
        labels = LabelImage(*labels)
    return Frame(index, index * 10**9, camera(), image, depth, pose, regions=tuple(regions),
                 labels=labels)


def blocks(*placed: tuple[tuple[int, int, int, int], tuple[int, int, int], float],
           colour=(150, 150, 150), distance=2.0, noise=0.0
           ) -> tuple[np.ndarray, np.ndarray]:
    """Image and depth of fronto-parallel blocks (box, colour, metres) before a wall."""
    generator = np.random.default_rng(7)
    image = np.full((*SIZE, 3), colour, float)
    depth = np.full(SIZE, distance, np.float32)
    for (x1, y1, x2, y2), paint, metres in placed:
        image[y1:y2, x1:x2] = paint
        depth[y1:y2, x1:x2] = metres
    image += generator.normal(0, 4, image.shape)
    depth += generator.normal(0, noise, depth.shape).astype(np.float32) if noise else 0
    return np.clip(image, 0, 255).astype(np.uint8), depth


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((a & b).sum() / (a | b).sum())


def recorded(name: str, regions: tuple[Region, ...] = ()) -> dict[int, Frame]:
    folder = DATA / name
    frames = {}
    for key, entry in json.loads((folder / 'scene_camera.json').read_text()).items():
        index = int(key)
        image = cv2.imread(str(folder / f'rgb/{index:06d}.png'))[:, :, ::-1].copy()
        raw = cv2.imread(str(folder / f'depth/{index:06d}.png'), cv2.IMREAD_UNCHANGED)
        depth = raw.astype(np.float32) * entry['depth_scale'] / 1000
        depth[raw == 0] = np.nan
        height, width = depth.shape
        view = Camera('camera', 'camera', width, height, np.reshape(entry['cam_K'], (3, 3)))
        frames[index] = Frame(
            index, index * 10**9, view, image, depth,
            regions=tuple(region for region in regions if region.frame == index))
    return frames


def drawn(name: str) -> dict[tuple[int, str], np.ndarray]:
    """Hand-drawn masks by (frame, name)."""
    folder = DATA / name
    objects = json.loads((folder / 'scene_objects.json').read_text())
    return {(int(key), entry['name']): cv2.imread(
                str(folder / f'mask_visib/{int(key):06d}_{i:06d}.png'), cv2.IMREAD_GRAYSCALE) > 0
            for key, entries in objects.items() for i, entry in enumerate(entries)}


def asked() -> Iterator[tuple[str, Frame, Region, list[Region], np.ndarray]]:
    """Each hand-drawn object once: recording, frame, its region, the others' and the mask."""
    for name in RECORDINGS:
        frames, masks = recorded(name), drawn(name)
        questions = json.loads((DATA / name / 'questions.json').read_text())['questions']
        done = set()
        for question in questions:
            regions = [Region(label, entry['frame'], box=tuple(map(float, entry['box'])))
                       for label, entries in question['regions'].items() for entry in entries]
            for region in regions:
                key = (region.frame, region.name)
                if key in masks and key not in done:
                    done.add(key)
                    others = [r for r in regions if r is not region and r.frame == region.frame]
                    yield name, frames[region.frame], region, others, masks[key]
