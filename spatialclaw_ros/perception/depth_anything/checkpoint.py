"""A checkpoint's folder to its network, with nothing of it run but the package's own modules."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING
import warnings

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING

if TYPE_CHECKING:
    import torch

#: Parts that splat Gaussians: neither built nor loaded.
_LEFT_OUT = ('gs_head', 'gs_adapter')
#: A configuration names the classes it is built of: no others are.
_OWN_CLASSES = 'depth_anything_3.model.'


@dataclass(frozen=True, eq=False)
class Built:
    """A network on the CPU in float32, and the name of its configuration, such as 'da3-base'."""

    net: torch.nn.Module
    model_name: str


def built(folder: Path) -> Built:
    """The network of the checkpoint in `folder`, with its weights.

    Wanted is what the package saves: config.json with 'model_name' (a name of its registry),
    'config' (the network's parts) or both, and *.safetensors with keys that start with 'model.'.
    Raises Unanswerable that names what the folder holds instead.
    """
    create_object, registry = _package()
    saved = json.loads((folder / 'config.json').read_text())
    model_name = str(saved.get('model_name', ''))
    config = _checked(saved['config'], folder) if isinstance(saved.get('config'), dict) else (
        registry(model_name))
    if config is None:
        raise _foreign(folder, f'config.json tells {_words_of(saved)}')
    for part in (config, config.get('anyview', {})):
        for name in _LEFT_OUT:
            part.pop(name, None)
    try:
        net = create_object(config)
    except (TypeError, AssertionError, AttributeError, KeyError, ImportError) as error:
        raise _foreign(folder, f'its config.json builds no network: {error}') from error
    _load(net, folder, model_name or 'its config')
    return Built(net.float().eval(), model_name)


def _package() -> tuple[Any, Any]:
    """The package's builder, and a function from a model's name to its configuration or None."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        from depth_anything_3.cfg import create_object
        from depth_anything_3.cfg import load_config
        from depth_anything_3.registry import MODEL_REGISTRY
        from depth_anything_3.utils.logger import logger
    logger.level = -1
    return create_object, lambda name: (
        load_config(MODEL_REGISTRY[name]) if name in MODEL_REGISTRY else None)


def _checked(config: dict[str, Any], folder: Path) -> Any:
    """`config` as the package takes it; refuses what would run code that is not the package's."""
    from omegaconf import OmegaConf
    for part in _parts(config):
        if isinstance(part, dict) and '__object__' in part:
            named = part['__object__']
            path = named.get('path', '') if isinstance(named, dict) else named
            if not str(path).startswith(_OWN_CLASSES):
                raise _foreign(folder, f'its config.json names the class {path!r}, and only '
                                       f'those of {_OWN_CLASSES}* are built')
        if isinstance(part, str) and '${' in part:
            raise _foreign(folder, f'its config.json has the expression {part!r}')
    return OmegaConf.create(deepcopy(config))


def _parts(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from _parts(part)


def _load(net: torch.nn.Module, folder: Path, name: str) -> None:
    """Weights of `folder` into `net` , each one and no others.

    A module that stands at several places is saved at one of them.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    weights: dict[str, torch.Tensor] = {}
    try:
        for path in sorted(folder.glob('*.safetensors')):
            weights.update(load_file(path))
    except (SafetensorError, OSError) as error:
        raise _foreign(folder, f'its weights cannot be read: {error}') from error
    held = {key.removeprefix('model.'): weight for key, weight in weights.items()
            if key.startswith('model.') and not set(_LEFT_OUT) & set(key.split('.'))}
    if not held:
        raise _foreign(folder, f'its weights are named like {next(iter(weights), "nothing")!r}')
    wanted = net.state_dict(keep_vars=True)
    misshapen = [key for key in held.keys() & wanted.keys()
                 if held[key].shape != wanted[key].shape]
    if misshapen:
        key = min(misshapen)
        raise _foreign(folder, f'{len(misshapen)} weights are not of the size that {name} has: '
                       f'{key} is {list(held[key].shape)}, not {list(wanted[key].shape)}')
    filled = {id(wanted[key]) for key in held.keys() & wanted.keys()}
    missing = sorted(key for key, weight in wanted.items() if id(weight) not in filled)
    surplus = sorted(held.keys() - wanted.keys())
    if missing or surplus:
        raise _foreign(folder, f'its weights are not those of {name}: '
                       f'{len(missing)} are missing{_first(missing)}, '
                       f'{len(surplus)} are unknown{_first(surplus)}')
    net.load_state_dict(held, strict=False, assign=True)


def _first(names: list[str]) -> str:
    return f' ({names[0]}, …)' if names else ''


def _words_of(config: dict[str, Any]) -> str:
    for key in ('model_name', 'model_type', 'architectures'):
        if key in config:
            return f'{key} {config[key]!r}'
    return f'only {sorted(config)[:4]}' if config else 'nothing'


def _foreign(folder: Path, what: str) -> Unanswerable:
    return Unanswerable(
        f'engine {DEPTH_ANYTHING!r}: {folder} is no Depth Anything 3 checkpoint: '
        f'{" ".join(what.split())}. Give a '
        "folder with the package's config.json (model_name such as 'da3-base', or config) and "
        "model.safetensors (keys 'model.…'), or a name such as depth-anything/DA3-BASE")
