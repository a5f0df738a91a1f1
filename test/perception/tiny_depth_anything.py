"""Depth Anything 3 checkpoints with random weights, small enough to make in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_MODEL = 'depth_anything_3.model'
_WIDTHS = [8, 8, 8, 8]


def several(folder: Path) -> Path:
    """A network of several views, such as DA3-SMALL is."""
    return _saved(folder, 'da3-small', _related())


def metric(folder: Path, model_name: str = 'da3metric-large', sky: float = -1.0) -> Path:
    """A network of single views; it is metric by its name, and sees `sky` (over 0.3) or none."""
    return _saved(folder, model_name, _single(), sky)


def nested(folder: Path) -> Path:
    """A network of both, such as DA3NESTED-GIANT-LARGE is."""
    return _saved(folder, 'da3nested-giant-large', {
        '__object__': _class('da3', 'NestedDepthAnything3Net'),
        'anyview': _related(), 'metric': _single()})


def _related() -> dict[str, Any]:
    return {
        '__object__': _class('da3', 'DepthAnything3Net'),
        'net': {'__object__': _class('dinov2.dinov2', 'DinoV2'), 'name': 'vits',
                'out_layers': [5, 7, 9, 11], 'alt_start': 4, 'qknorm_start': 4, 'rope_start': 4,
                'cat_token': True},
        'head': {'__object__': _class('dualdpt', 'DualDPT'), 'dim_in': 768, 'output_dim': 2,
                 'features': 16, 'out_channels': _WIDTHS},
        'cam_enc': {'__object__': _class('cam_enc', 'CameraEnc'), 'dim_out': 384,
                    'trunk_depth': 1},
        'cam_dec': {'__object__': _class('cam_dec', 'CameraDec'), 'dim_in': 768}}


def _single() -> dict[str, Any]:
    return {
        '__object__': _class('da3', 'DepthAnything3Net'),
        'net': {'__object__': _class('dinov2.dinov2', 'DinoV2'), 'name': 'vits',
                'out_layers': [2, 5, 8, 11], 'alt_start': -1, 'qknorm_start': -1,
                'rope_start': -1, 'cat_token': False},
        'head': {'__object__': _class('dpt', 'DPT'), 'dim_in': 384, 'output_dim': 1,
                 'features': 16, 'out_channels': _WIDTHS}}


def _class(module: str, name: str) -> dict[str, str]:
    return {'path': f'{_MODEL}.{module}', 'name': name, 'args': 'as_params'}


def _saved(folder: Path, model_name: str, config: dict[str, Any], sky: float = -1.0) -> Path:
    """`folder` as the package saves it: the network is `model`, a module that stands twice once."""
    from depth_anything_3.cfg import create_object
    from depth_anything_3.utils.logger import logger
    from omegaconf import OmegaConf
    from safetensors.torch import save_model
    import torch
    torch.manual_seed(5)
    whole = torch.nn.Module()
    level, logger.level = logger.level, -1
    whole.model = create_object(OmegaConf.create(config))
    logger.level = level
    for name, weight in whole.named_parameters():
        if name.endswith('sky_output_conv2.2.bias'):
            weight.data.fill_(sky)
    folder.mkdir(parents=True, exist_ok=True)
    save_model(whole.bfloat16(), str(folder / 'model.safetensors'))
    (folder / 'config.json').write_text(json.dumps({'model_name': model_name, 'config': config}))
    return folder
