"""The checkpoints that model engines load: which there are, what they allow, where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
import os
from pathlib import Path

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import FUSED
from spatialclaw_ros.perception.engine import SAM3
from spatialclaw_ros.perception.weights.folder import flaw_of
from spatialclaw_ros.perception.weights.folder import kind_flaw
from spatialclaw_ros.perception.weights.licences import APACHE
from spatialclaw_ros.perception.weights.licences import Licence
from spatialclaw_ros.perception.weights.licences import licence_told_by
from spatialclaw_ros.perception.weights.licences import NON_COMMERCIAL
from spatialclaw_ros.perception.weights.licences import SAM
from spatialclaw_ros.perception.weights.packages import how_to_install


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint on the Hugging Face hub.

    `what` it is for; `megabytes` (1e6 bytes) of its weights file, in float32.
    """

    name: str
    engine: str
    what: str
    parameters: int
    megabytes: int
    licence: Licence
    gated: bool = False

    @property
    def is_default(self) -> bool:
        """Whether an engine loads it unless told otherwise."""
        usual = EngineSettings()
        return self.name in (usual.sam3, usual.depth_anything, usual.depth_anything_metric)

    @property
    def steps(self) -> tuple[str, ...]:
        """What brings it here."""
        if not self.gated:
            return (f'hf download {self.name}',)
        return (f'accept the {self.licence.name} on huggingface.co/{self.name}',
                f'HF_TOKEN=<token of that account> hf download {self.name}')


def _depth(name: str, what: str, parameters: int, licence: Licence) -> Checkpoint:
    return Checkpoint(f'depth-anything/{name}', DEPTH_ANYTHING, what, parameters,
                      round(parameters * 4 / 1e6), licence)


_SEVERAL = 'depth and poses of several frames'
_NESTED = 'metric depth and poses of several frames'

#: Names, licences and purposes are those of the model cards; parameters were counted on the
#: networks that transformers and depth-anything-3 build for them.
CATALOGUE = (
    Checkpoint('facebook/sam3', SAM3, 'masks by text, points or boxes; tracking',
               860_000_000, 3440, SAM, gated=True),
    _depth('DA3-SMALL', _SEVERAL, 34_000_000, APACHE),
    _depth('DA3-BASE', _SEVERAL, 135_000_000, APACHE),
    _depth('DA3METRIC-LARGE', 'metric depth of one frame', 334_000_000, APACHE),
    _depth('DA3MONO-LARGE', 'depth of one frame, up to scale', 334_000_000, APACHE),
    _depth('DA3-LARGE-1.1', _SEVERAL, 411_000_000, NON_COMMERCIAL),
    _depth('DA3-GIANT-1.1', _SEVERAL, 1_356_000_000, NON_COMMERCIAL),
    _depth('DA3NESTED-GIANT-LARGE-1.1', _NESTED, 1_690_000_000, NON_COMMERCIAL),
    _depth('DA3-LARGE', f'{_SEVERAL}; superseded by 1.1', 411_000_000, NON_COMMERCIAL),
    _depth('DA3-GIANT', f'{_SEVERAL}; superseded by 1.1', 1_356_000_000, NON_COMMERCIAL),
    _depth('DA3NESTED-GIANT-LARGE', f'{_NESTED}; superseded by 1.1', 1_690_000_000,
           NON_COMMERCIAL),
)

_MEANWHILE = {
    SAM3: 'label_image and detections segment without weights',
    DEPTH_ANYTHING: 'depth_camera reconstructs without weights',
    FUSED: 'depth_camera reconstructs without weights',
}
_NEEDED = ['*.json', '*.safetensors', 'merges.txt', 'vocab.txt', 'README.md', 'LICENSE*']


def checkpoint_of(name_or_folder: str | Path) -> Checkpoint | None:
    """The catalogue's checkpoint of this name, or whose name the folder's path ends with.

    Its folder in the hub's cache is known too.
    """
    parts = Path(name_or_folder).parts
    for checkpoint in CATALOGUE:
        name = tuple(checkpoint.name.split('/'))
        if parts[-2:] == name or '--'.join(('models', *name)) in parts:
            return checkpoint
    return None


def licence_of(name_or_folder: str | Path) -> Licence:
    """What the checkpoint allows: from the catalogue, else from its folder's own files."""
    checkpoint = checkpoint_of(name_or_folder)
    return checkpoint.licence if checkpoint else licence_told_by(Path(name_or_folder).expanduser())


def located(name: str, *, engine: str, offline: bool) -> Path:
    """Folder with config.json and weights of the checkpoint `name`.

    `name` is a local folder (it is on the disk, or starts with /, . or ~) or a name on the
    Hugging Face hub. What the hub's cache holds whole is taken without asking the hub. Raises
    Unanswerable that says what is wrong, what mends it, and which engine works meanwhile.
    """
    lines = how_to_install(engine)
    if lines:
        raise _unanswerable(engine, name, f'packages are missing or too old; {lines}')
    if _is_folder(name):
        folder = Path(name).expanduser()
        flaw = flaw_of(folder) or kind_flaw(folder, engine)
        if flaw:
            raise _unanswerable(engine, name, f'{flaw}; `spatialclaw models` tells how to get one')
        return folder
    from huggingface_hub.errors import HFValidationError
    try:
        return held(name) or _fetched(name, engine, offline)
    except HFValidationError as error:
        raise _unanswerable(engine, name, f'it is no folder here, and no name on the hub: {error}'
                            ) from None


def lacking(engine: str, settings: EngineSettings) -> str:
    """What `engine` lacks on this machine, with what mends it; '' for nothing. No hub is asked."""
    lines = how_to_install(engine)
    if lines:
        return f'packages are missing or too old: {lines}'
    names = (settings.sam3,) if engine == SAM3 else (
        settings.depth_anything, settings.depth_anything_metric)
    return '; '.join(filter(None, (_lacking_weights(name, engine) for name in names)))


def _lacking_weights(name: str, engine: str) -> str:
    try:
        located(name, engine=engine, offline=True)
    except Unanswerable as error:
        known = checkpoint_of(name)
        if known is None or known.name != name:
            return str(error)
        return f'the weights of {name} are not here: {", then ".join(known.steps)}'
    return ''


def held(name: str) -> Path | None:
    """Folder that holds the checkpoint `name` whole, found without a network; None for none.

    Raises HFValidationError, a ValueError, for what can be no name on the hub.
    """
    folder = Path(name).expanduser() if _is_folder(name) else _cached(name)
    return None if folder is None or flaw_of(folder) else folder


def _is_folder(name: str) -> bool:
    # Path.exists raises for a name that is too long for a file.
    return name.startswith(('/', '.', '~')) or os.path.exists(name)  # noqa: PTH110


def _cached(name: str) -> Path | None:
    if find_spec('huggingface_hub') is None:
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError
    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=_NEEDED))
    except LocalEntryNotFoundError:
        return None


def _fetched(name: str, engine: str, offline: bool) -> Path:
    from huggingface_hub import constants
    from huggingface_hub import snapshot_download
    if offline or constants.HF_HUB_OFFLINE:
        folder = _cached(name)
        flaw = flaw_of(folder) if folder else "it is not, or not whole, in the hub's cache"
        raise _unanswerable(
            engine, name, f'{flaw} ({constants.HF_HUB_CACHE}), and '
            f'{"offline" if offline else "HF_HUB_OFFLINE"} is set; {_elsewhere(name)}')
    try:
        folder = Path(snapshot_download(name, allow_patterns=_NEEDED))
    except Exception as error:  # Whatever the hub's client, its transport or the disk raises.
        raise _unanswerable(engine, name, _why_not_fetched(name, error)) from error
    flaw = flaw_of(folder)
    if flaw:
        raise _unanswerable(engine, name, f'{flaw}; remove {folder.parents[1]} and try again')
    return folder


def _why_not_fetched(name: str, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError
    from huggingface_hub.errors import LocalEntryNotFoundError
    from huggingface_hub.errors import RepositoryNotFoundError
    cause = (error.__cause__ if isinstance(error, LocalEntryNotFoundError) else None) or error
    status = getattr(getattr(cause, 'response', None), 'status_code', None)
    checkpoint = checkpoint_of(name)
    if isinstance(cause, GatedRepoError) or (checkpoint and checkpoint.gated and status == 401):
        return (f'it is gated (HTTP {status}): accept its licence on huggingface.co/{name}, set '
                'HF_TOKEN to a token of that account, and try again')
    if isinstance(cause, RepositoryNotFoundError):
        return (f'the hub has no such repository, or it is private (HTTP {status}): correct the '
                'name (see `spatialclaw models`), or set HF_TOKEN to a token that may read it')
    if status is not None:
        return f'the hub answered HTTP {status}; try again later, or {_elsewhere(name)}'
    if isinstance(cause, OSError) and cause.errno:
        return f'its files cannot be kept: {cause}; free space or set HF_HOME to another folder'
    return (f"it is not in the hub's cache, and the hub cannot be reached "
            f'({type(cause).__name__}: {cause}); {_elsewhere(name)}')


def _elsewhere(name: str) -> str:
    checkpoint = checkpoint_of(name)
    *before, download = checkpoint.steps if checkpoint else (f'hf download {name}',)
    steps = ', '.join([*before, f'run `{download}`'])
    return f'where there is a network {steps}; copy the folder here and name it'


def _unanswerable(engine: str, name: str, problem: str) -> Unanswerable:
    return Unanswerable(f'engine {engine!r} cannot load checkpoint {name!r}: '
                        f'{" ".join(problem.split()).rstrip(".")}. '
                        f'Meanwhile {_MEANWHILE[engine]}')
