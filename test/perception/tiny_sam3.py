"""Checkpoints of SAM 3 that are tiny and random: real classes, real files, no quality."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: Pixels of the network's square input, of a patch, and of its masks.
IMAGE, PATCH = 112, 14
GRID = IMAGE // PATCH
MASK = 4 * GRID
#: Tokens that a prompt may have; a letter is a token here.
TOKENS = 32
#: Channels: half of them are fixed in the classes of the tracker.
HIDDEN = 128
#: Logit of what is followed being seen in a frame.
PRESENCE = 3.0
#: Random weights are enlarged until what is drawn depends on image and prompt.
_LIVELY = 5.0


def save_tiny_sam3(folder: Path, seed: int = 0, **video: Any) -> Path:
    """Save a checkpoint of Sam3VideoModel as facebook/sam3 has it; `video` changes its config."""
    import torch
    from transformers import Sam3VideoConfig
    from transformers import Sam3VideoModel
    torch.manual_seed(seed)
    settings = {'low_res_mask_size': MASK, 'score_threshold_detection': 0.5,
                'new_det_thresh': 0.7, 'det_nms_thresh': 0.1, **video}
    model = Sam3VideoModel(Sam3VideoConfig(
        detector_config=_detector(), tracker_config=_tracker(), **settings))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and 'position' not in name:
                weight *= _LIVELY
            if name.startswith('tracker_model') and not weight.any():
                weight.normal_(std=0.1, generator=generator)
        seen = model.tracker_model.mask_decoder.pred_obj_score_head.proj_out
        seen.weight.zero_()
        seen.bias.fill_(PRESENCE)
    model.tracker_model.prompt_encoder.shared_embedding.positional_embedding.copy_(
        model.tracker_model.shared_image_embedding.positional_embedding)
    model.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    (folder / 'processor_config.json').write_text(json.dumps({'image_processor': {
        'image_mean': [0.5, 0.5, 0.5], 'image_std': [0.5, 0.5, 0.5], 'rescale_factor': 1 / 255,
        'size': {'height': IMAGE, 'width': IMAGE}}}))
    return folder


def _vision() -> dict[str, Any]:
    return {
        'model_type': 'sam3_vision_model', 'fpn_hidden_size': HIDDEN,
        'backbone_feature_sizes': [[4 * GRID] * 2, [2 * GRID] * 2, [GRID] * 2],
        'backbone_config': {
            'model_type': 'sam3_vit_model', 'hidden_size': 32, 'intermediate_size': 64,
            'num_hidden_layers': 2, 'num_attention_heads': 2, 'image_size': IMAGE,
            'patch_size': PATCH, 'window_size': 4, 'global_attn_indexes': [1],
            'pretrain_image_size': IMAGE},
    }


def _detector() -> dict[str, Any]:
    transformer = {'hidden_size': HIDDEN, 'num_attention_heads': 2, 'intermediate_size': 64}
    return {
        'model_type': 'sam3', 'vision_config': _vision(),
        'text_config': {
            'model_type': 'clip_text_model', 'vocab_size': 514, 'hidden_size': 32,
            'intermediate_size': 64, 'projection_dim': 32, 'num_hidden_layers': 2,
            'num_attention_heads': 2, 'max_position_embeddings': TOKENS,
            'eos_token_id': 513, 'bos_token_id': 512, 'pad_token_id': 513},
        'geometry_encoder_config': {**transformer, 'num_layers': 1},
        'detr_encoder_config': {**transformer, 'num_layers': 1},
        'detr_decoder_config': {**transformer, 'num_layers': 1, 'num_queries': 8},
        'mask_decoder_config': {'hidden_size': HIDDEN, 'num_attention_heads': 2},
    }


def _tracker() -> dict[str, Any]:
    return {
        'model_type': 'sam3_tracker_video', 'vision_config': _vision(), 'image_size': IMAGE,
        'prompt_encoder_config': {
            'hidden_size': HIDDEN, 'image_size': IMAGE, 'patch_size': PATCH},
        'mask_decoder_config': {
            'hidden_size': HIDDEN, 'mlp_dim': 64, 'num_attention_heads': 2,
            'iou_head_hidden_dim': 32},
        'memory_attention_hidden_size': HIDDEN, 'memory_attention_num_layers': 1,
        'memory_attention_feed_forward_hidden_size': 64,
        'memory_encoder_hidden_size': HIDDEN, 'mask_downsampler_embed_dim': HIDDEN,
        'memory_fuser_embed_dim': HIDDEN, 'memory_fuser_intermediate_dim': 64,
    }


def _tokenizer() -> Any:
    """Byte-level tokenizer without merges: 256 bytes, 256 ending a word, begin and end of text."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer
    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(f'{letter}</w>' for letter in letters),
              '<|startoftext|>', '<|endoftext|>']
    return CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=[],
                         model_max_length=TOKENS)
