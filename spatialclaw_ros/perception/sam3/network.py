"""The network of SAM 3: images and prompts in, logits out. One set of weights for every use.

A Sam3VideoModel holds a detector (the Sam3Model that finds what a text names) and a tracker (the
Sam3TrackerVideoModel that draws what a box or points mean, and follows it), which read one image
encoder through a neck each. What is drawn here from boxes and points is what a Sam3TrackerModel
of the same weights draws.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from spatialclaw_ros.geometry.resizing import Resizing
from spatialclaw_ros.perception.sam3.checkpoint import Checkpoint
from spatialclaw_ros.perception.sam3.features import Features
from spatialclaw_ros.scene import Region

#: Labels of a box's corners among points, as the tracker's video model takes boxes.
_CORNERS = 2


@dataclass(frozen=True, eq=False)
class Text:
    """A prompt as the network reads it: ids and mask (1, T), and what the text encoder says."""

    prompt: str
    ids: torch.Tensor
    mask: torch.Tensor
    meaning: Any


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a box or points mean: `logits` (h, w) float32 of the whole image.

    `others` are logits of what else they might mean, best first. `overlap` in 0-1 is the share
    that the network expects the mask to have in common with the object (intersection over union).
    """

    logits: np.ndarray
    others: list[np.ndarray]
    overlap: float


class Network:
    """SAM 3 on one device; every call runs in torch's inference mode."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Run the model of `checkpoint` where and in the precision it was loaded."""
        self.model = checkpoint.model
        self._tokenizer = checkpoint.tokenizer
        self.detector, self.tracker = self.model.detector_model, self.model.tracker_model
        self.size = int(self.model.config.image_size)
        self.device, self.dtype = self.model.device, self.model.dtype
        self._mean, self._std = (torch.from_numpy(colour)[:, None, None].to(self.device)
                                 for colour in (checkpoint.mean, checkpoint.std))
        self.features = Features(self._encoded)
        # In half precision a coordinate would be rounded to 4 of 1008 pixels.
        self._prompts = copy.deepcopy(self.tracker.prompt_encoder).float()
        self._places = copy.deepcopy(self.tracker.shared_image_embedding).float()

    def resizing(self, image: np.ndarray) -> Resizing:
        """How `image` (H, W, …) is stretched to the network's square input."""
        height, width = image.shape[:2]
        return Resizing((width, height), (self.size, self.size))

    def pixels(self, image: np.ndarray) -> torch.Tensor:
        """`image` (H, W, 3) uint8 RGB as input of the network, (1, 3, size, size)."""
        resized = torch.tensor(self.resizing(image).image(image), device=self.device)
        scaled = (resized.permute(2, 0, 1).float() / 255 - self._mean) / self._std
        return scaled[None].to(self.dtype)

    def mask_input(self, mask: np.ndarray) -> torch.Tensor:
        """`mask` (H, W) bool as input of the tracker, (1, 1, size, size); never all empty."""
        shares = self.resizing(mask).image(mask.astype(np.float32))
        inside = shares >= min(0.5, float(shares.max()))
        return torch.from_numpy(inside)[None, None].to(self.device, self.dtype)

    def _encoded(self, image: np.ndarray) -> torch.Tensor:
        return self.detector.vision_encoder.backbone(self.pixels(image)).last_hidden_state

    def text(self, prompt: str) -> Text:
        """Read `prompt`; raises ValueError for one that is empty or too long."""
        if not prompt.strip():
            raise ValueError('a prompt is the name of a thing, not an empty text')
        most = int(self.detector.config.text_config.max_position_embeddings)
        tokens = self._tokenizer(prompt, padding='max_length', truncation=True, max_length=most + 1,
                                 return_tensors='pt').to(self.device)
        if tokens.attention_mask[0, -1]:
            raise ValueError(
                f'the prompt {prompt[:40]!r}… of {len(prompt.split())} words is longer than the '
                f'{most} tokens that SAM 3 reads; name the thing in a few words')
        ids, mask = tokens.input_ids[:, :most], tokens.attention_mask[:, :most]
        meaning = self.detector.get_text_features(ids, attention_mask=mask, return_dict=True)
        return Text(prompt, ids, mask, meaning)

    def detector_view(self, features: torch.Tensor) -> Any:
        """What the detector looks at, of the `features` (1, N, C) of an image."""
        from transformers.models.sam3.modeling_sam3 import Sam3VisionEncoderOutput
        grid = self.tracker.prompt_encoder.image_embedding_size
        spatial = features.transpose(1, 2).reshape(1, -1, *grid)
        maps, places = self.detector.vision_encoder.neck(spatial)
        return Sam3VisionEncoderOutput(
            last_hidden_state=features, fpn_hidden_states=maps, fpn_position_encoding=places)

    def detect(self, view: Any, text: Text) -> Any:
        """The detector's output for `text` in an image's `view`."""
        return self.detector(vision_embeds=view, text_embeds=text.meaning,
                             attention_mask=text.mask)

    def tracker_view(self, features: torch.Tensor) -> dict[str, list[torch.Tensor]]:
        """What the tracker looks at, as its sessions keep it: maps (h·w, 1, C) and places."""
        from transformers.models.sam3.modeling_sam3 import Sam3VisionEncoderOutput
        maps, places = self.model.get_vision_features_for_tracker(
            Sam3VisionEncoderOutput(last_hidden_state=features))
        return {'vision_feats': maps, 'vision_pos_embeds': places}

    def draw(self, view: dict[str, list[torch.Tensor]], region: Region, sensor: tuple[int, int]
             ) -> Drawn:
        """The object at the box or points of `region`, in an image of `sensor` (width, height).

        `view` is the tracker's of that image. As SAM has it, one point may mean a thing, its part
        or a group: of three masks the one of the largest expected overlap is taken. A box or
        several points mean one thing: the three are what else it might be.
        """
        encoded, count = self._encoded_prompt(region, sensor)
        fine, middle, coarse = (self._map(feature, level)
                                for level, feature in enumerate(view['vision_feats']))
        coarse = coarse + self.tracker.no_memory_embedding.reshape(1, -1, 1, 1)

        def decoded(multimask: bool) -> tuple[list[np.ndarray], np.ndarray]:
            logits, overlaps, _, _ = self.tracker.mask_decoder(
                coarse, self._place_of_pixels(), *encoded, multimask, [fine, middle])
            overlaps = overlaps[0, 0].float().cpu().numpy()
            best = np.argsort(-overlaps, kind='stable')
            return list(logits[0, 0].float().cpu().numpy()[best]), overlaps[best]

        three, overlaps = decoded(multimask=True)
        config = self.tracker.config
        if config.multimask_min_pt_num <= count <= config.multimask_max_pt_num:
            return Drawn(three[0], three[1:], float(overlaps[0]))
        (one,), (overlap,) = decoded(multimask=False)
        return Drawn(one, three, float(overlap))

    def _encoded_prompt(self, region: Region, sensor: tuple[int, int]
                        ) -> tuple[tuple[torch.Tensor, torch.Tensor], int]:
        """Sparse and dense embeddings of the prompt, and the number of its points."""
        resizing = Resizing(sensor, (self.size, self.size))
        points = labels = box = None
        if region.box is not None:
            # The corners that the network learned from are a mask's first and last pixels.
            x1, y1, x2, y2 = resizing.box(region.box)
            box = torch.tensor([[[x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)]]], device=self.device)
        else:
            placed = resizing.points(np.asarray(region.points))
            points = torch.tensor(placed, dtype=torch.float32, device=self.device)[None, None]
            labels = torch.tensor([[region.point_labels]], device=self.device)
        sparse, dense = self._prompts(points, labels, box, None)
        count = _CORNERS if labels is None else len(region.point_labels)
        return (sparse.to(self.dtype), dense.to(self.dtype)), count

    def _map(self, feature: torch.Tensor, level: int) -> torch.Tensor:
        """A map (h·w, 1, C) of the tracker's view as (1, C, h, w)."""
        return feature.permute(1, 2, 0).reshape(
            1, -1, *self.tracker.backbone_feature_sizes[level])

    def _place_of_pixels(self) -> torch.Tensor:
        """Embedding (1, C, g, g) of the places of the coarsest map's pixels, centres in 0-1."""
        height, width = self.tracker.prompt_encoder.image_embedding_size
        y, x = torch.meshgrid((torch.arange(height, device=self.device) + 0.5) / height,
                              (torch.arange(width, device=self.device) + 0.5) / width,
                              indexing='ij')
        return self._places(torch.stack([x, y], dim=-1)).permute(2, 0, 1)[None].to(self.dtype)
