"""Where a network runs, in which precision, and what is said when its memory is spent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import gc
from pathlib import Path
import re
import traceback
from typing import TYPE_CHECKING

from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import SAM3

if TYPE_CHECKING:
    import torch

#: What the runtimes say, apart from exceptions of their own, where memory cannot be had.
_OUT_OF_MEMORY = re.compile(r'out of memory|can.t allocate memory|ALLOC_FAILED', re.IGNORECASE)
_WANTED = re.compile(r'(?:tried|unable) to allocate ([\d.]+ ?\w+)', re.IGNORECASE)


def device_of(settings: EngineSettings) -> torch.device:
    """The device that `settings` names; 'auto' is the first GPU, else the CPU.

    Raises Unanswerable for a GPU that is not here.
    """
    import torch
    name = settings.device
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == 'cpu' or (name == 'auto' and not gpus):
        return torch.device('cpu')
    number = int(name.partition(':')[2] or 0)
    if number < gpus:
        return torch.device('cuda', number)
    here = ', '.join(f'cuda:{n} ({torch.cuda.get_device_name(n)})' for n in range(gpus))
    raise Unanswerable(f'device {name!r} is not here: ' + (
        f'there is {here}, and cpu; set the device to one of these' if gpus else
        f'torch {torch.__version__} finds no GPU (a build for the CPU, or no driver); set the '
        "device to 'cpu'") + ", or to 'auto'")


def precision_of(settings: EngineSettings, device: torch.device) -> torch.dtype:
    """The number format of a network's weights on `device`.

    'auto': bfloat16 on a GPU that computes in it (compute capability 8.0 and up), float16 on an
    older one, float32 on a CPU.
    """
    import torch
    if settings.precision != 'auto':
        return {'float32': torch.float32, 'float16': torch.float16,
                'bfloat16': torch.bfloat16}[settings.precision]
    if device.type != 'cuda':
        return torch.float32
    return (torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0)
            else torch.float16)


def memory_of(device: torch.device) -> tuple[int, int]:
    """Memory of `device` in bytes: all of it, and what is free (a CPU's is Linux's to tell)."""
    import torch
    if device.type == 'cuda':
        free, total = torch.cuda.mem_get_info(device)
        return total, free
    kilobytes = dict(re.findall(r'(\w+): +(\d+) kB', Path('/proc/meminfo').read_text()))
    return int(kilobytes['MemTotal']) * 1024, int(kilobytes['MemAvailable']) * 1024


@contextmanager
def memory_told(engine: str, device: torch.device) -> Iterator[None]:
    """Raise Unanswerable where what runs inside runs out of the memory of `device`.

    The message says how much was asked for, how much was free, and what to lower. What the
    failed call held is let go before.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        problem = _told(engine, device, str(error))
        _let_go(error, device)
        raise Unanswerable(problem) from None


def is_out_of_memory(error: Exception) -> bool:
    """Whether `error` says that memory could not be had."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and bool(_OUT_OF_MEMORY.search(str(error))))


def _told(engine: str, device: torch.device, error: str) -> str:
    total, free = memory_of(device)
    wanted = _WANTED.search(error)
    amount = wanted.group(1) if wanted else 'more'
    if amount.endswith('bytes'):
        amount = f'{int(amount.split()[0]) / 2 ** 30:.2f} GiB'
    knobs = 'precision (bfloat16 or float16)'
    knobs += '' if engine == SAM3 else ', edge or views'
    return (f'engine {engine!r} ran out of memory on {device}: it tried to allocate {amount}, '
            f'{free / 2 ** 30:.2f} of {total / 2 ** 30:.2f} GiB are free. Lower {knobs}, end what '
            f'else uses {device}, or run `spatialclaw serve` on a bigger machine and give its URL')


def _let_go(error: BaseException, device: torch.device) -> None:
    """Drop what the frames of `error` hold, and give the cached memory back."""
    traceback.clear_frames(error.__traceback__)
    error.__traceback__ = None
    gc.collect()
    if device.type == 'cuda':
        import torch
        torch.cuda.empty_cache()
