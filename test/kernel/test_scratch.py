"""The folder of a kernel's files is bounded and removed, whatever a cell makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from spatialclaw_ros.kernel import scratch

WAIT = '\nsys_.modules["time"].sleep(30)'
TOO_MUCH = {
    'bytes': 'for i in range(30): open(f"f{i}", "wb").write(bytes(10 << 20))',
    'files without a name': (
        'held = []\nfor i in range(12):\n    held.append(open("f", "wb"))\n'
        '    held[-1].write(bytes(100 << 20)); os_.unlink("f")'),
    'mapped files without a name': (
        'import mmap\nheld = []\nfor i in range(4):\n    f = open("f", "w+b")\n'
        '    f.write(bytes(100 << 20)); f.flush()\n'
        '    held.append(mmap.mmap(f.fileno(), 0)); f.close(); os_.unlink("f")'),
    'a page of each file without a name': (
        'import mmap\nheld = []\nfor i in range(4):\n    f = open("f", "w+b")\n'
        '    f.write(bytes(100 << 20)); f.flush()\n'
        '    held.append(mmap.mmap(f.fileno(), 4096)); f.close(); os_.unlink("f")'),
    'what looks like another line': (
        'import mmap\nos_.mkdir("a\\x0b7f0000000000-0 r-xp 0 0:0 99 b")\nheld = []\n'
        'for i in range(4):\n    path = "a\\x0b7f0000000000-0 r-xp 0 0:0 99 b/f"\n'
        '    f = open(path, "w+b")\n    f.write(bytes(100 << 20)); f.flush()\n'
        '    held.append(mmap.mmap(f.fileno(), 0)); f.close(); os_.unlink(path)'),
    'a path that is too long': (
        'for i in range(20): os_.mkdir("d" * 250); os_.chdir("d" * 250)\n'
        'for i in range(4): open(f"f{i}", "wb").write(bytes(100 << 20))'),
    'depth': 'for i in range(1900): os_.mkdir("d"); os_.chdir("d")',
    'many files': 'for i in range(20000): open(f"f{i}", "w").close()',
    'a folder that cannot be read': 'os_.mkdir("d"); os_.umask(0o777); os_.mkdir("e")',
}


@pytest.mark.parametrize('name', TOO_MUCH)
async def test_too_much_is_ended_and_removed(bench, name):
    if name == 'a folder that cannot be read' and os.geteuid() == 0:
        pytest.skip('root reads every folder')
    await bench.open(check=False)
    await bench.run('x = 1')
    outcome = await bench.run(TOO_MUCH[name] + WAIT, seconds=30)
    assert 'its files took over' in outcome.error
    assert outcome.undone
    after = await bench.run('sys_.modules["time"].sleep(0.6)\nprint(x, os_.listdir("."))')
    assert after.stdout == '1 []\n'
    folder = Path(psutil.Process(bench.nursery.pid).cmdline()[-1])
    assert [one.name for one in folder.iterdir()] == ['1']
    await bench.kernels[-1].close()
    assert list(folder.iterdir()) == []


async def test_a_size_kept_is_refused(bench):
    await bench.open(check=False)
    outcome = await bench.run(
        'libc = sys_.modules["ctypes"].CDLL(None, use_errno=True)\nf = open("f", "wb")\n'
        'number = 285 if os_.uname().machine == "x86_64" else 47\n'
        'print(libc.syscall(number, f.fileno(), 1, 0, 3 << 30))')
    assert outcome.stdout == '-1\n'


def test_a_deep_folder_is_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('top', *('d' * 1500)):
        Path(name).mkdir()
        os.chdir(name)
    os.chdir(tmp_path)
    scratch.remove(tmp_path / 'top')
    assert not (tmp_path / 'top').exists()


def test_what_is_within_the_limits_is_not_over_full(tmp_path):
    made = scratch.Scratch(tmp_path / 'one')
    (made.folder / 'a').mkdir()
    (made.folder / 'a' / 'file').write_bytes(bytes(1 << 20))
    (made.folder / 'link').symlink_to('/nowhere')
    assert not made.is_over_full([os.getpid()])
    made.empty()
    assert list(made.folder.iterdir()) == []
    made.remove()
    assert made.is_over_full([])
