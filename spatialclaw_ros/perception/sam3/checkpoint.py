"""A checkpoint of SAM 3, loaded: one set of weights for images and for windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.device import is_out_of_memory
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.weights.folder import kind_flaw

#: What the published image processor does where a checkpoint says nothing: to -1…1.
_MEAN = _STD = (0.5, 0.5, 0.5)
#: So many letters are told of what a reader says: in a config.json of nonsense that is a page.
_LONGEST = 160


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """`model` is a Sam3VideoModel; colours are `(value / 255 - mean) / std`, (3,) float32 each."""

    model: Any
    tokenizer: Any
    mean: np.ndarray
    std: np.ndarray


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> Checkpoint:
    """Load the checkpoint in `folder`; asks no server for anything.

    Raises Unanswerable where the folder holds another model, or not all of this one.
    """
    _check_model(folder)
    from transformers import AutoTokenizer
    from transformers import Sam3VideoModel
    from transformers.utils import logging
    logging.disable_progress_bar()
    with _reading(folder, 'its config.json or its weights cannot be read'):
        loaded: Any = Sam3VideoModel.from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True,
            ignore_mismatched_sizes=True)
    with _reading(folder, 'its tokenizer cannot be read'):
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    with _reading(folder, 'its colours cannot be read (processor_config.json)'):
        colours = _colours(folder)
    model, report = loaded
    missing = sorted(report['missing_keys'])
    if missing:
        raise _refused(folder, f'{len(missing)} of its weights are missing, {missing[0]!r} first')
    unfit = sorted(name for name, *_ in report['mismatched_keys'])
    if unfit:
        raise _refused(folder, f'{len(unfit)} of its weights are not of the size that its '
                       f'config.json says, {unfit[0]!r} first')
    words = model.config.detector_config.text_config.vocab_size
    if len(tokenizer) != words:  # without its files transformers makes one that knows nothing
        raise _refused(folder, f'its tokenizer knows {len(tokenizer)} pieces of words, its text '
                       f'encoder {words}: tokenizer.json is missing or of another model')
    # Holes and duplicates are seen to here; the model's own ways need a package of CUDA kernels.
    model.fill_hole_area = 0
    model.det_nms_thresh = 0.0
    return Checkpoint(model.to(device).eval(), tokenizer, *colours)


def _check_model(folder: Path) -> None:
    flaw = kind_flaw(folder, SAM3)
    if flaw:
        raise _refused(folder, flaw)


def _colours(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the colours, in 0-1, that the network expects.

    Raises ValueError for what is none.
    """
    settings: dict[str, Any] = {}
    for name in ('preprocessor_config.json', 'processor_config.json'):
        if (folder / name).exists():
            content = json.loads((folder / name).read_bytes())
            settings |= content.get('image_processor', content)
    mean, std = (np.asarray(settings.get(name, usual), np.float32)
                 for name, usual in (('image_mean', _MEAN), ('image_std', _STD)))
    if not (mean.shape == std.shape == (3,) and np.isfinite(mean).all() and (std > 0).all()):
        raise ValueError(f'image_mean {mean.tolist()}, image_std {std.tolist()}')
    return mean, std


@contextmanager
def _reading(folder: Path, problem: str) -> Iterator[None]:
    """Raise Unanswerable for whatever the checkpoint's readers raise, but for lack of memory."""
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise
        said = ' '.join(f'{type(error).__name__}: {error}'.split())
        raise _refused(folder, f'{problem} ({said[:_LONGEST]})') from error


def _refused(folder: Path, problem: str) -> Unanswerable:
    return Unanswerable(
        f"engine 'sam3' cannot run the checkpoint in {folder}: {problem}. Name facebook/sam3, or a "
        'folder with its files; meanwhile label_image and detections segment without weights')
