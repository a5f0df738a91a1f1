"""What is wrong with a folder that should hold a checkpoint, told without loading it."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path

from spatialclaw_ros.perception.engine import SAM3

#: What Git leaves in a file's place where Git LFS did not fetch it.
_LFS_POINTER = b'version https://git-lfs'

#: `model_type` in config.json of facebook/sam3: the video model, which holds the others' weights.
_SAM3 = 'sam3_video'
#: Keys of a config.json that the package of Depth Anything 3 saves: one of them at least.
_OF_DEPTH_ANYTHING = frozenset({'model_name', 'config'})
#: The format allows no larger head.
_LARGEST_HEAD = 100_000_000

#: Weights that are not read: unpickling them runs what their author wrote.
_PICKLES = ('.bin', '.pt', '.pth', '.ckpt')


def flaw_of(folder: Path) -> str:
    """Why the weights in `folder` cannot be loaded, '' where nothing is seen to be wrong.

    Reads config.json and the head of each *.safetensors file; not the weights themselves.
    """
    try:
        return next(_flaws(folder), '')
    except OSError as error:
        return f'{error.filename or folder} cannot be read: {error.strerror}'


def kind_flaw(folder: Path, engine: str) -> str:
    """Why the config.json in `folder`, an object, is not of a model of `engine`; '' where it is."""
    config = json.loads((folder / 'config.json').read_bytes())
    if engine == SAM3:
        kind = config.get('model_type')
        return '' if kind == _SAM3 else (
            f'it holds a model of type {kind!r}, and {_SAM3!r} is wanted')
    return '' if _OF_DEPTH_ANYTHING & config.keys() else (
        f'its config.json has none of {sorted(_OF_DEPTH_ANYTHING)}, as those of Depth Anything 3 '
        f'have, but {_listed(sorted(config)) or "nothing"}')


def _flaws(folder: Path) -> Iterator[str]:
    if not folder.exists():
        yield 'there is no such folder'
    elif not folder.is_dir():
        yield f'it is a file; give the folder it lies in, {folder.parent}'
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        yield 'the folder is empty'
    if 'config.json' not in names:
        inner = next((path.parent for pattern in ('*/config.json', 'snapshots/*/config.json')
                      for path in sorted(folder.glob(pattern))), None)
        yield (f'no config.json in it, but in {inner}: give that folder' if inner else
               f'no config.json in it, only {_listed(names)}')
    yield from _flaws_of_config(folder / 'config.json')
    weights = [folder / name for name in names if name.endswith('.safetensors')]
    if not weights:
        yield from _flaws_without_weights(folder, names)
    missing = sorted(_indexed(folder) - set(names))
    if missing:
        yield f'its index names {_listed(missing)}, which {_are(missing)} missing'
    for path in weights:
        yield from _flaws_of_weights(path)


def _flaws_of_config(path: Path) -> Iterator[str]:
    text = path.read_bytes()
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        yield f'config.json holds {_likeness(text)}, no JSON object'


def _flaws_without_weights(folder: Path, names: list[str]) -> Iterator[str]:
    indexed = sorted(_indexed(folder))
    if indexed:
        yield f'only the index of the weights, not {_listed(indexed)}'
    pickles = [name for name in names if name.endswith(_PICKLES)]
    if pickles:
        yield f'no *.safetensors in it; {_listed(pickles)} {_are(pickles)} not read'
    yield f'no weights (*.safetensors) in it, only {_listed(names)}'


def _indexed(folder: Path) -> set[str]:
    """Files that the indices of `folder` name."""
    files: set[str] = set()
    for path in folder.glob('*.safetensors.index.json'):
        try:
            files.update(json.loads(path.read_bytes())['weight_map'].values())
        except (ValueError, KeyError, TypeError, AttributeError):
            files.add(f'nothing readable ({path.name} is damaged)')
    return files


def _flaws_of_weights(path: Path) -> Iterator[str]:
    """Flaws of a safetensors file: 8 bytes of length n, n bytes of JSON, then the tensors.

    The format is that of the safetensors project's README.
    """
    if not path.exists():
        yield f'{path.name} is a link to {path.readlink()}, which is not there'
    size = path.stat().st_size
    with path.open('rb') as file:
        start = file.read(64)
        length = int.from_bytes(start[:8], 'little')
        file.seek(8)
        head = file.read(length) if length <= _LARGEST_HEAD else b''
    if size > 8 and len(head) == size - 8 < length:
        yield f'{path.name} was cut short after {size} bytes'
    try:
        entries = {k: v for k, v in json.loads(head).items() if k != '__metadata__'}
        whole = 8 + length + max(entry['data_offsets'][1] for entry in entries.values())
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        yield f'{path.name} holds {_likeness(start)}, no safetensors'
    else:
        if size != whole:
            yield (f'{path.name} has {size} of {whole} bytes: the download was cut short'
                   if size < whole else f'{path.name} has {size} bytes, not {whole}')


def _likeness(start: bytes) -> str:
    if start.startswith(_LFS_POINTER):
        return 'a Git LFS pointer (run `git lfs pull`)'
    return 'something else' if start else 'nothing'


def _are(names: list[str]) -> str:
    return 'is' if len(names) == 1 else 'are'


def _listed(names: list[str]) -> str:
    shown = ', '.join(names[:4])
    return shown if len(names) <= 4 else f'{shown} and {len(names) - 4} more'
