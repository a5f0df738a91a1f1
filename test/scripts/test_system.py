"""What set-up does about a system that lacks something."""

from __future__ import annotations

from pathlib import Path
import subprocess

import pytest
from setup_steps import system
from setup_steps.progress import run
from setup_steps.progress import SetupError

NO_COMPILER = ['cmake', 'g++', 'libusb-1.0-0']


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Make the system lack a compiler, cmake and a library; collect what is run as root."""
    commands: list[list[str]] = []
    installed = False

    def which(program: str) -> str | None:
        there = installed or program not in ('c++', 'g++', 'cmake')
        return f'/usr/bin/{program}' if there else None

    def take(command: list[str], *_: object) -> None:
        nonlocal installed
        installed = installed or 'install' in command
        commands.append([str(part) for part in command])

    monkeypatch.setattr(system.shutil, 'which', which)
    monkeypatch.setattr(
        system, '_loads', lambda name: installed or not name.startswith('libusb'))
    monkeypatch.setattr(system, 'run', take)
    return commands


def test_root_installs_what_is_missing(lacking, monkeypatch, tmp_path):
    monkeypatch.setattr(system.os, 'geteuid', lambda: 0)
    assert system.provide(None, tmp_path)
    assert lacking[0] == ['apt-get', 'update']
    assert lacking[1][:2] == ['apt-get', 'install']
    assert set(NO_COMPILER) <= set(lacking[1])
    assert not system.provide(None, tmp_path)


def test_sudo_without_a_password_serves_as_well(lacking, monkeypatch, tmp_path):
    monkeypatch.setattr(system.os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(
        system.subprocess, 'run', lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert system.provide(None, tmp_path)
    assert lacking[1][:4] == ['sudo', '-n', 'apt-get', 'install']


def test_otherwise_one_line_to_paste(lacking, monkeypatch, tmp_path):
    monkeypatch.setattr(system.os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(
        system.subprocess, 'run', lambda *_, **__: subprocess.CompletedProcess([], 1))
    with pytest.raises(SetupError) as error:
        system.provide(None, tmp_path)
    last = str(error.value).splitlines()[-1].strip()
    assert last.startswith('sudo apt-get update && sudo apt-get install -y ')
    assert set(NO_COMPILER) <= set(last.split())
    assert not lacking


def test_nothing_is_done_where_nothing_is_missing(tmp_path):
    assert not system.provide(None, tmp_path)


def test_a_failed_step_shows_its_last_words(tmp_path: Path):
    log = tmp_path / 'log'
    with pytest.raises(SetupError, match=r'a step failed \(exit 3\)(.|\n)*the reason'):
        run(['sh', '-c', 'echo the reason; exit 3'], 'a step', log)
    assert log.read_text() == 'the reason\n'
