"""Sessions of the tracker, which hold no more of a window than the next frame needs."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from spatialclaw_ros.perception.sam3.network import Network


class Pictures:
    """Frames of a window as the network's input, each made when it is asked for and not kept.

    A session reads `len` (the window's frames) and items, (3, size, size) tensors.
    """

    def __init__(self, network: Network, images: Sequence[np.ndarray]) -> None:
        """Of `images`, (H, W, 3) uint8 RGB each."""
        self._network, self._images = network, images

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, position: int) -> torch.Tensor:
        return self._network.pixels(self._images[position])[0]


def new_session(cls: Any, network: Network, images: Sequence[np.ndarray]) -> Any:
    """A session of class `cls` over `images`, the frames of a window in the order tracked."""
    session = cls(inference_device=network.device, inference_state_device=network.device,
                  video_storage_device=network.device, dtype=network.dtype)
    session.processed_frames = Pictures(network, images)
    return session


def forget(session: Any, config: Any, position: int) -> None:
    """Drop what no frame after `position` reads; `config` is the tracker's.

    Kept are, for each object: the memories of the last `num_maskmem - 1` frames, the pointers of
    the last `max_object_pointers_in_encoder - 1`, and both of the last `max_cond_frame_num`
    frames that show it for sure. So a session's size does not grow with the window.
    """
    session.cache.clear_all()
    memories = position + 1 - (config.num_maskmem - 1)
    pointers = position + 1 - (config.max_object_pointers_in_encoder - 1)
    for index, outputs in session.output_dict_per_obj.items():
        sure, tracked = outputs['cond_frame_outputs'], outputs['non_cond_frame_outputs']
        if config.max_cond_frame_num > 0:  # -1 keeps all
            for old in sorted(sure)[:-config.max_cond_frame_num]:
                del sure[old]
        for old in [frame for frame in tracked if frame < pointers]:
            del tracked[old]
        for frame, output in _items(sure, tracked):
            output.pop('high_res_masks', None)
            output.pop('pred_masks', None)
            if frame < memories and frame in tracked:
                output.pop('maskmem_features', None)
                output.pop('maskmem_pos_enc', None)
        session.mask_inputs_per_obj[index].clear()


def _items(*outputs: dict[int, Any]) -> Iterator[tuple[int, Any]]:
    for output in outputs:
        yield from output.items()
