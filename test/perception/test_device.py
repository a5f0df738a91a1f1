"""Devices and precisions by name, and what is said when memory is spent."""

from __future__ import annotations

import weakref

import numpy as np
import psutil
import pytest
import torch

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.device import device_of
from spatialclaw_ros.perception.device import memory_of
from spatialclaw_ros.perception.device import memory_told
from spatialclaw_ros.perception.device import precision_of
from spatialclaw_ros.perception.engine import DEPTH_ANYTHING
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.engine import SAM3

CPU = torch.device('cpu')


def with_gpus(monkeypatch, *capabilities):
    """Make torch see GPUs of these compute capabilities; they cannot compute."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: bool(capabilities))
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: len(capabilities))
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda n: f'Card {n}')
    monkeypatch.setattr(torch.cuda, 'get_device_capability',
                        lambda device: capabilities[device.index])
    monkeypatch.setattr(torch.cuda, 'mem_get_info', lambda device: (2 ** 30, 8 * 2 ** 30))
    emptied = []
    monkeypatch.setattr(torch.cuda, 'empty_cache', lambda: emptied.append(1))
    return emptied


@pytest.mark.parametrize(('name', 'gpus', 'found'), [
    ('auto', 0, 'cpu'), ('cpu', 2, 'cpu'), ('auto', 1, 'cuda:0'), ('cuda', 2, 'cuda:0'),
    ('cuda:1', 2, 'cuda:1')])
def test_a_device_is_found_by_name(monkeypatch, name, gpus, found):
    with_gpus(monkeypatch, *[(8, 7)] * gpus)
    assert str(device_of(EngineSettings(device=name))) == found


@pytest.mark.parametrize(('name', 'gpus', 'words'), [
    ('cuda', 0, "finds no GPU (a build for the CPU, or no driver); set the device to 'cpu'"),
    ('cuda:0', 0, 'finds no GPU'),
    ('cuda:2', 2, 'there is cuda:0 (Card 0), cuda:1 (Card 1), and cpu')])
def test_a_gpu_that_is_not_here_is_told_with_those_that_are(monkeypatch, name, gpus, words):
    with_gpus(monkeypatch, *[(8, 7)] * gpus)
    with pytest.raises(Unanswerable, match=f"device '{name}' is not here") as caught:
        device_of(EngineSettings(device=name))
    assert words in str(caught.value)


@pytest.mark.parametrize('name', ['', 'gpu', 'cuda:', 'cuda:-1', 'CUDA', 'mps', 'cuda:0,1'])
def test_a_name_of_no_device_is_refused(name):
    with pytest.raises(BadGoal, match=f"device '{name}'; it may be auto, cpu, cuda or cuda:N"):
        EngineSettings(device=name)


@pytest.mark.parametrize(('precision', 'capability', 'found'), [
    ('auto', None, torch.float32), ('auto', (7, 2), torch.float16),
    ('auto', (8, 7), torch.bfloat16), ('auto', (12, 0), torch.bfloat16),
    ('float32', (9, 0), torch.float32),
    ('float16', None, torch.float16), ('bfloat16', (7, 2), torch.bfloat16)])
def test_the_precision_suits_the_device(monkeypatch, precision, capability, found):
    with_gpus(monkeypatch, *([capability] if capability else []))
    device = torch.device('cuda', 0) if capability else CPU
    assert precision_of(EngineSettings(precision=precision), device) is found


def spend(held):
    """Fail for want of memory while holding an array, as a network would its features."""
    features = np.zeros(1000)
    held.append(weakref.ref(features))
    torch.empty(2 ** 60, dtype=torch.uint8)


def test_spent_memory_of_the_cpu_is_told_and_let_go():
    held = []
    with pytest.raises(Unanswerable) as caught, memory_told(DEPTH_ANYTHING, CPU):
        spend(held)
    message = str(caught.value)
    assert message.startswith("engine 'depth_anything_3' ran out of memory on cpu: it tried to "
                              'allocate 1073741824.00 GiB, ')
    assert 'GiB are free. Lower precision (bfloat16 or float16), edge or views' in message
    assert '`spatialclaw serve`' in message
    assert held[0]() is None


def test_spent_memory_of_numpy_and_of_python_is_told():
    with pytest.raises(Unanswerable, match=r'tried to allocate 1\.00 EiB'), memory_told(SAM3, CPU):
        np.empty(2 ** 60, np.uint8)
    with pytest.raises(Unanswerable, match='tried to allocate more'), memory_told(SAM3, CPU):
        raise MemoryError


@pytest.mark.parametrize(('error', 'amount'), [
    (torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0'), '2.50 GiB'),
    (RuntimeError('CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate'), 'more')])
def test_spent_memory_of_a_gpu_is_told_and_the_cache_freed(monkeypatch, error, amount):
    emptied = with_gpus(monkeypatch, (8, 7))
    with pytest.raises(Unanswerable) as caught, memory_told(SAM3, torch.device('cuda', 0)):
        raise error
    message = str(caught.value)
    assert f'on cuda:0: it tried to allocate {amount}, 1.00 of 8.00 GiB are free' in message
    assert 'edge' not in message
    assert emptied


@pytest.mark.parametrize('error', [RuntimeError('shapes differ'), ValueError('x'), KeyError('y')])
def test_other_errors_pass_unchanged(error):
    with pytest.raises(type(error)) as caught, memory_told(SAM3, CPU):
        raise error
    assert caught.value is error


def test_the_memory_of_the_cpu_is_that_of_the_machine():
    total, free = memory_of(CPU)
    assert 0 < free <= total
    assert total == psutil.virtual_memory().total
