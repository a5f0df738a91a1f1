"""The contract between a cell and its host: one frozen dataclass per request and reply.

A cell's toolkit sends a request and waits; the session answers it with the reply named beside it,
or with `Failed`. Frame numbers are absolute. Pixels are the sensor's. All arrays are numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from spatialclaw_ros.findings.answer import Finding
from spatialclaw_ros.geometry.noise import DepthNoise
from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.scene.frame import Frame
from spatialclaw_ros.scene.frame import PoseSigma
from spatialclaw_ros.scene.window import FrameWindow


@dataclass(frozen=True, eq=False)
class Opening:
    """What a kernel holds before its first cell.

    `reference_images` are (H, W, 3) uint8 RGB. `reconstruct_engine`, `segment_engine` name the
    engines; `vocabulary` is the closed list of names SAM3 can be asked for, None when open.
    `has_model` says whether `vlm` works. `videos` maps a camera name to its frame numbers.
    """

    question: str
    choices: tuple[str, ...]
    window: FrameWindow
    reconstruct_engine: str = ''
    segment_engine: str = ''
    vocabulary: tuple[str, ...] | None = None
    has_model: bool = False
    reference_images: tuple[np.ndarray, ...] = ()
    fps: float | None = None


@dataclass(frozen=True)
class Reconstruct:
    """Ask for depth and pose of `frames`. Reply: Reconstructed."""

    frames: tuple[int, ...]


#: Values of FrameGeometry.source_map: where a pixel's depth is from.
UNKNOWN, SENSOR, NETWORK = 0, 1, 2


@dataclass(frozen=True, eq=False)
class FrameGeometry:
    """Geometry of one frame.

    `depth` (H, W) float32 metres, NaN where unknown (and -Inf, +Inf as REP 117 has them).
    `sigma` (H, W) float32 metres along the ray and `confidence` (H, W) float32 in 0–1 may be
    None: then they follow from `noise`. `bias` (H, W) float32 is one sigma of the error that
    neighbouring pixels share, as a share of range, beyond `noise.bias_share`, which the whole
    frame shares; `sigma` holds the former and not the latter. None for none. `source_map` (H, W)
    uint8 holds UNKNOWN, SENSOR or NETWORK; None where all depth is the sensor's. `matrix` (3, 3)
    intrinsics, `camera_to_world` (4, 4) and `pose_sigma` where the engine found its own, else
    None: those of the frame hold.
    """

    frame: int
    depth: np.ndarray
    noise: DepthNoise
    sigma: np.ndarray | None = None
    confidence: np.ndarray | None = None
    matrix: np.ndarray | None = None
    camera_to_world: np.ndarray | None = None
    pose_sigma: PoseSigma | None = None
    bias: np.ndarray | None = None
    source_map: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Reconstructed:
    """Reply to Reconstruct. `source` tells engine, scale and gravity in words.

    `up` (3,) is the unit vector against gravity that the engine found where the frames came
    with none, else None.
    """

    frames: tuple[FrameGeometry, ...]
    metric_scale: float
    source: str
    up: np.ndarray | None = None


@dataclass(frozen=True)
class SegmentText:
    """Ask for every instance of each of `prompts` in `frames`. Reply: Segmented."""

    frames: tuple[int, ...]
    prompts: tuple[str, ...]
    labels: tuple[str, ...]
    threshold: float = 0.3
    prompt_frame: int | None = None


@dataclass(frozen=True)
class SegmentBoxes:
    """Ask for the object in each box, drawn on `prompt_frame`, in `frames`. Reply: Segmented."""

    frames: tuple[int, ...]
    boxes: tuple[Box2D, ...]
    labels: tuple[str, ...]
    prompt_frame: int


@dataclass(frozen=True, eq=False)
class SegmentPoints:
    """Ask for the object at points (N, 2), labels 1 or 0, per object. Reply: Segmented."""

    frames: tuple[int, ...]
    points: tuple[np.ndarray, ...]
    point_labels: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    prompt_frame: int


@dataclass(frozen=True, eq=False)
class InstanceMask:
    """One object in one frame, cropped: `mask` (h, w) uint8 0/1 with its corner at `origin` (x, y).

    `alternatives` (V, h, w) uint8 are other masks the same evidence allows (eroded, other seeds,
    other regions excluded). `object_id` is the same for one object in every frame.
    """

    frame: int
    object_id: int
    label: str
    score: float
    box: Box2D
    origin: tuple[int, int]
    mask: np.ndarray
    alternatives: np.ndarray


@dataclass(frozen=True)
class Candidate:
    """What scored just below the threshold, or what name is close to the one asked."""

    label: str
    score: float
    frame: int | None = None
    box: Box2D | None = None


@dataclass(frozen=True, eq=False)
class Segmented:
    """Reply to a Segment request. Nothing found: no masks, and `reason` says why."""

    frames: tuple[int, ...]
    masks: tuple[InstanceMask, ...]
    reason: str = ''
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, eq=False)
class Ask:
    """Ask the vision-language model. `kind` is 'locate' or 'ask'. Reply: Said."""

    kind: str
    images: tuple[np.ndarray, ...]
    question: str


@dataclass(frozen=True)
class Said:
    """The model's own text."""

    text: str


@dataclass(frozen=True, eq=False)
class Show:
    """Show pictures, (H, W, 3) uint8 RGB each with its label, and findings. Reply: Done."""

    images: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class SubmitAnswer:
    """Return the answer: `text`, and a number with its unit when it is one. Reply: Done.

    Refused (Failed, kind 'ValueError') when the question has choices and this is none of them.
    """

    text: str
    value: float | None
    unit: str
    evidence: tuple[Finding, ...]
    main: int | None = None


@dataclass(frozen=True)
class Done:
    """The request was carried out; `note` is printed when not empty."""

    note: str = ''


@dataclass(frozen=True)
class Failed:
    """The request failed: the toolkit raises exception class `kind` with `message`."""

    kind: str
    message: str


@dataclass(frozen=True)
class Load:
    """Have an engine load its weights now and not at its first call. Reply: EngineState."""


@dataclass(frozen=True)
class EngineState:
    """One model engine as it stands. `licence` is its checkpoint's; `problem` why it cannot run.

    `seconds` is what a frame took in its last call, NaN before the first.
    """

    name: str
    checkpoint: str
    licence: str
    is_loaded: bool
    problem: str = ''
    seconds: float = math.nan


SegmentRequest = SegmentText | SegmentBoxes | SegmentPoints
EngineReply = Reconstructed | Segmented | EngineState


@dataclass(frozen=True, eq=False)
class EngineCall:
    """Ask an engine that lives in another process. Reply: that of `request`, or Failed.

    `frames` are in time order, without label images: those that `request` names, and others of the
    query, the newest among them, where Reconstruct names one without depth or pose: so every call
    is answered at one scale, and without poses in one world, the newest frame's camera. `up` (3,)
    is the unit vector against gravity in the frames' world, None where unknown.
    """

    engine: str
    request: Reconstruct | SegmentRequest | Load
    frames: tuple[Frame, ...] = ()
    up: np.ndarray | None = None


@dataclass(frozen=True)
class EngineHealth:
    """What the process of the model engines says of itself. Memory is the device's, bytes."""

    version: str
    device: str
    memory: int
    memory_free: int
    waiting: int
    engines: tuple[EngineState, ...]


Request = (Reconstruct | SegmentText | SegmentBoxes | SegmentPoints | Ask | Show | SubmitAnswer)
Reply = Reconstructed | Segmented | Said | Done | Failed
