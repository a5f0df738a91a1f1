"""Findings drawn on the image they were found in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.answer import Distance
from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.findings.answer import Found
from spatialclaw_ros.findings.answer import Position
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow

_ORANGE, _BLUE, _WHITE, _BLACK = (255, 140, 0), (40, 140, 230), (255, 255, 255), (0, 0, 0)


def evidence_frame(answer: Answer, window: FrameWindow) -> Frame:
    """The newest frame the findings of `answer` rest on; the window's newest without any."""
    used = {index for finding in answer.evidence for index in finding_frames(finding)}
    frames = [frame for frame in window.frames if frame.index in used]
    return replace(window, frames=tuple(frames)).newest if frames else window.newest


def finding_frames(finding: Finding) -> tuple[int, ...]:
    """Numbers of the frames that `finding` rests on."""
    return tuple(getattr(finding, 'frames', ()))


def annotated(answer: Answer, window: FrameWindow) -> np.ndarray:
    """(H, W, 3) uint8 RGB: the newest evidence image with findings and answer drawn on it.

    `answer` is in the world of `window`.
    """
    frame = evidence_frame(answer, window)
    image = np.array(frame.image, np.uint8)
    for finding in answer.evidence:
        if isinstance(finding, Found) and finding.frames:
            _draw_object(image, frame, finding)
    for finding in answer.evidence:
        if isinstance(finding, Distance):
            ends = _pixels(frame, np.array([finding.from_point, finding.to_point]))
            if len(ends) == 2:
                cv2.line(image, ends[0], ends[1], _ORANGE, 2, cv2.LINE_AA)
            for end in ends:
                cv2.circle(image, end, 4, _ORANGE, -1, cv2.LINE_AA)
            if len(ends):
                _write(image, f'{finding.value:.3f} m', ends[0])
        elif isinstance(finding, Position) and not finding.frame:
            for pixel in _pixels(frame, finding.point):
                cv2.circle(image, pixel, 5, _ORANGE, -1, cv2.LINE_AA)
                _write(image, finding.name, pixel)
    _write(image, answer.text or answer.code.label, (8, 22))
    return image


def _draw_object(image: np.ndarray, frame: Frame, found: Found) -> None:
    pixels = _pixels(frame, found.points)
    if len(pixels) < 3:
        return
    hull = cv2.convexHull(np.array(pixels, np.int32))
    cv2.polylines(image, [hull], True, _BLUE, 2, cv2.LINE_AA)
    x, y = hull.reshape(-1, 2).min(axis=0)
    _write(image, found.name, (int(x), max(int(y) - 4, 14)))


def _pixels(frame: Frame, points_world: np.ndarray) -> list[tuple[int, int]]:
    points = np.asarray(points_world, float).reshape(-1, 3)
    if frame.camera_to_world is not None:
        world_to_camera = np.linalg.inv(frame.camera_to_world)
        points = points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3]
    pixels = frame.camera.project(points)
    limit = [10 * frame.camera.width, 10 * frame.camera.height]
    with np.errstate(invalid='ignore'):
        drawable = np.isfinite(pixels).all(axis=1) & (np.abs(pixels) < limit).all(axis=1)
    return [(round(float(u)), round(float(v))) for u, v in pixels[drawable]]


def _write(image: np.ndarray, text: str, at: Sequence[int]) -> None:
    plain = text.encode('ascii', 'replace').decode()
    for color, width in ((_BLACK, 4), (_WHITE, 1)):
        cv2.putText(image, plain, (int(at[0]), int(at[1])), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color,
                    width, cv2.LINE_AA)
