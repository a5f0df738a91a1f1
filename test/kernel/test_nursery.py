from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
import signal
import subprocess
import sys

from kernel_probes import held_by
import psutil
import pytest

from spatialclaw_ros.kernel.errors import NurseryDied
from spatialclaw_ros.kernel.errors import OpeningFailed
from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery


async def test_the_nursery_holds_nothing_it_should_not(bench):
    outcome = await bench.run(
        'print(sorted({"torch", "openai", "rclpy", "spatialclaw_ros.perception", '
        '"spatialclaw_ros.agent", "spatialclaw_ros.session", "asyncio"} & set(sys_.modules)))')
    assert outcome.stdout == '[]\n'


async def test_the_environment_says_nothing_but_how_to_use_threads_and_memory(bench, monkeypatch):
    monkeypatch.setenv('OPENAI_API_KEY', 'secret')
    nursery = await Nursery.start('tiny_workshop')
    try:
        environment = psutil.Process(nursery.pid).environ()
    finally:
        await nursery.close()
    assert {name for name in environment if not name.endswith('_NUM_THREADS')
            and not name.lower().startswith('glibc')} <= {
        'PYTHONMALLOC', '_ROS_WHEELS_BOOTSTRAP_COMPLETE', 'LD_LIBRARY_PATH', 'LC_CTYPE'}


async def test_kernels_share_no_descriptor(bench):
    await bench.open()
    await bench.open()
    outcome = await bench.run(
        'import stat\nheld = []\nfor fd in range(4096):\n'
        '    try: held.append(stat.filemode(os_.fstat(fd).st_mode)[0])\n'
        '    except OSError: pass\n"".join(sorted(held))')
    assert outcome.stdout == "'--cpps'\n"  # arena, crash report, /dev/null, output twice, channel


async def test_eight_kernels_run_at_once(bench):
    kernels = await asyncio.gather(*[bench.open(str(i).encode()) for i in range(8)])
    arrived, all_in = [], asyncio.Event()

    async def on_call(body):
        arrived.append(body)
        if len(arrived) == 8:
            all_in.set()
        await all_in.wait()
        return body, ()

    outcomes = await asyncio.gather(*[
        kernel.run('print(opening, call(opening)[0].decode())', on_output=len, on_call=on_call)
        for kernel in kernels])
    assert [outcome.stdout for outcome in outcomes] == [f'{i} {i}\n' for i in range(8)]


async def test_the_death_of_the_nursery_is_named_and_shown(bench):
    await bench.open()
    cell = asyncio.create_task(bench.run('print("go")\nwhile True: pass'))
    await bench.said('go')
    kernel = psutil.Process(bench.nursery.pid).children()[0]
    scratch = Path(kernel.cwd())
    os.kill(bench.nursery.pid, signal.SIGKILL)
    with pytest.raises(NurseryDied, match='exit status -9'):
        await cell
    assert psutil.wait_procs([kernel], timeout=5)[1] == []
    with pytest.raises(NurseryDied):
        await bench.run('1')
    with pytest.raises(NurseryDied):
        await bench.open()
    another = await Nursery.start('tiny_workshop')
    kernel = await another.open(b'', (), Limits())
    assert (await kernel.run('print(1)', on_output=len, on_call=len)).stdout == '1\n'
    await another.close()
    await bench.nursery.close()
    assert not scratch.parent.exists()


async def test_a_module_that_cannot_be_preloaded_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    with pytest.raises(NurseryDied, match="No module named 'there_is_no_such_module'"):
        await Nursery.start('there_is_no_such_module')
    assert list(tmp_path.iterdir()) == []


async def test_a_preload_with_threads_is_not_forked(tmp_path, monkeypatch):
    (tmp_path / 'threaded_workshop.py').write_text(
        'import threading\n'
        'threading.Thread(target=threading.Event().wait, daemon=True).start()\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    nursery = await Nursery.start('threaded_workshop')
    try:
        with pytest.raises(OpeningFailed, match='the nursery has 2 threads'):
            await nursery.open(b'', (), Limits())
    finally:
        await nursery.close()


HOST = """
import asyncio, sys
from spatialclaw_ros.kernel.host import Limits, Nursery

async def main():
    nursery = await Nursery.start('tiny_workshop')
    kernel = await nursery.open(b'', (), Limits())
    print(nursery.pid, flush=True)
    def say(text):
        print(text, end='', flush=True)
    await kernel.run('print(os_.getpid(), os_.getcwd())\\nsum(range(10**13))',
                     on_output=say, on_call=len)

asyncio.run(main())
"""


@pytest.fixture
def host_script():
    path = [str(Path(__file__).parent), *sys.path]
    process = subprocess.Popen(
        [sys.executable, '-c', f'import sys; sys.path[:] = {path!r}\n{HOST}'],
        stdout=subprocess.PIPE, text=True, start_new_session=True)
    nursery = process.stdout.readline()
    kernel, scratch = process.stdout.readline().split()
    family = [psutil.Process(int(nursery)), psutil.Process(int(kernel))]
    yield process, family, Path(scratch)
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_killed_host_leaves_no_process_and_no_file(host_script):
    process, family, scratch = host_script
    assert scratch.is_dir()
    assert len(family) == 2
    process.kill()
    process.wait()
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert not scratch.parent.exists()


def test_ctrl_c_reaches_the_host_alone(host_script):
    process, family, _scratch = host_script
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) != 0
    assert psutil.wait_procs(family, timeout=10)[1] == []


async def test_a_hundred_kernels_leave_nothing(bench):
    async def once(code):
        kernel = await bench.nursery.open(b'x', [0], Limits())
        await kernel.run(code, on_output=len, on_call=len)
        await kernel.close()

    def held():
        gc.collect()
        return (held_by(),
                held_by(bench.nursery.pid),
                len(psutil.Process(bench.nursery.pid).children()))

    await once('1')
    before = held()
    for code in ['x = 1', '1 / 0', 'os_._exit(3)', 'import os'] * 25:
        await once(code)
    assert held() == before


async def test_what_a_cell_forked_ends_with_its_kernel(unwalled):
    """Where no wall keeps a cell from forking, its children are found and ended."""
    outcome = await unwalled.run(
        'child = os_.fork()\nif child == 0:\n    os_.read(os_.pipe()[0], 1)\nprint(child)')
    child = psutil.Process(int(outcome.stdout))
    await unwalled.kernels[-1].close()
    child.wait(5)


async def test_a_scratch_folder_is_removed_with_its_kernel(bench):
    kernel = await bench.open()
    scratch = Path((await bench.run('print(os_.getcwd())')).stdout.strip())
    assert scratch.is_dir()
    await bench.run('os_.makedirs("a/b"); n = 1')
    (scratch / 'a' / 'link').symlink_to('/etc')
    await kernel.close()
    assert not scratch.exists()
    assert Path('/etc/passwd').exists()
