"""A cell costs only itself: the kernel goes on from before one that is lost."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from pathlib import Path

from kernel_probes import main_of
import psutil
import pytest

from spatialclaw_ros.kernel import births
from spatialclaw_ros.kernel.errors import OpeningFailed

SIGNAL = 's = sys_.modules["signal"]\n'
#: Ways to lose a cell → code, and its limit in seconds.
LOST = {
    'a loop in Python': ('while True: pass', 0.1),
    'a loop in C': ('sum(range(10 ** 13))', 0.1),
    'a loop that ignores the interrupt': (
        SIGNAL + 's.signal(s.SIGINT, s.SIG_IGN)\nwhile True: pass', 0.1),
    'a loop that catches the interrupt': (
        'while True:\n    try:\n        while True: pass\n    except BaseException: pass', 0.1),
    'a segmentation fault': ('sys_.modules["ctypes"].string_at(0)', None),
    'abort': ('os_.abort()', None),
    'exit': ('os_._exit(0)', None),
    'a wild write': ('sys_.modules["ctypes"].memset(id(None), 255, 64)\nNone', None),
    'the stack': (
        'sys_.setrecursionlimit(10 ** 8)\nclass A:\n    def __repr__(self): return f"{self}"\n'
        'f = lambda: f()\nx = []\nfor _ in range(10 ** 6): x = [x]\nrepr(x)', None),
    'no memory at once': ('y = np.ones(1 << 40)', None),
    'no memory in the end': ('hold = []\nwhile True: hold.append(bytearray(1 << 24))', 20),
    'no descriptor': ('for fd in range(100): os_.close(fd) if fd > 2 else None', None),
    'a flood on the channel': (
        'for fd in range(3, 20):\n    try:\n        while True: os_.write(fd, b"x" * 65536)\n'
        '    except OSError: pass', 5),
}


@pytest.mark.parametrize('name', LOST)
async def test_earlier_variables_survive(bench, name):
    await bench.open(memory_bytes=1 << 29)
    await bench.run('x, big = [1], np.arange(10 ** 6)')
    await bench.run('x.append(2)')
    code, seconds = LOST[name]
    outcome = await bench.run(
        f'x.append(3)\nbig[:] = 0\nz = 1\nprint("part")\n{code}', seconds=seconds)
    assert outcome.status != 'ok'
    assert outcome.undone
    assert 'all variables are as they were before it' in outcome.note
    assert outcome.stdout.startswith('part\n')
    again = await bench.run('print(x, big[-1])\nx.append(4)\nz')
    assert (again.stdout, again.error_type) == ('[1, 2] 999999\n', 'NameError')
    assert (await bench.run('print(x)')).stdout == '[1, 2, 4]\n'


async def test_cell_after_cell_can_be_lost(bench):
    await bench.run('x = 0')
    for number in range(1, 6):
        assert (await bench.run('x = 99\nos_._exit(3)')).undone
        assert (await bench.run('x = 99\nos_._exit(3)')).undone
        assert (await bench.run('x += 1\nprint(x)')).stdout == f'{number}\n'


async def test_a_cell_that_is_lost_at_once_finds_its_copy(bench):
    """Also when the process ends before its copy has come forward."""
    await bench.run('x = 0\nlibc = sys_.modules["ctypes"].CDLL(None)')
    for number in range(1, 20):
        assert (await bench.run('x += 1\nprint(x)')).stdout == f'{number}\n'
        assert (await bench.run('libc._exit(1)')).undone
        assert (await bench.run('libc._exit(1)')).undone


async def test_many_kernels_at_once_all_leave_their_copy(bench):
    """Orders with and without descriptors come together; none may be read after its question."""
    async def query(number):
        kernel = await bench.open()
        for count in range(3):
            await kernel.run(f'x = {count}', on_output=print, on_call=print)
            await asyncio.wait({kernel._copying})
            assert kernel._process.no_copy == '', number

    await asyncio.gather(*map(query, range(8)))


@pytest.mark.parametrize('harm', [
    'import ast\nast.parse = None', 'sys_.modules["builtins"].compile = None',
    'sys_.modules["spatialclaw_ros.kernel.cell"].Cells.run = None'])
async def test_a_kernel_that_a_cell_has_spoilt_is_given_up(bench, harm):
    """Its copy is as spoilt as it is, and would be for ever."""
    await bench.run('x = 1')
    assert (await bench.run(harm)).status == 'ok'
    lost = [await bench.run('x') for _ in range(3)]
    assert [outcome.status for outcome in lost] == ['killed'] * 3
    assert 'as they were before' in lost[1].note
    assert 'lost in 3 cells on end' in lost[2].note
    assert (await bench.run('print("fresh")\nx')).error_type == 'NameError'


async def test_cells_that_crash_now_and_then_lose_nothing(bench):
    await bench.run('x = 1')
    for _ in range(3):
        for _ in range(2):
            assert (await bench.run('os_._exit(1)')).undone
        assert (await bench.run('print(x)')).stdout == '1\n'


async def test_chance_goes_on_as_it_would_have(bench):
    await bench.run('import random\nrandom.seed(1)\nexpected = random.Random(1)')
    await bench.run('os_._exit(1)')
    assert (await bench.run('print(random.random() == expected.random())')).stdout == 'True\n'


async def test_what_the_system_tells_of_a_process_is_as_before(bench):
    code = ('for name in ("self/maps", "self/mem", "1/cmdline"):\n'
            '    try: os_.open(f"/proc/{name}", os_.O_RDONLY); print("open")\n'
            '    except OSError as error: print(error.strerror)')
    assert (await bench.run(code)).stdout == 'Permission denied\n' * 3
    await bench.run('os_._exit(1)')
    assert (await bench.run(code)).stdout == 'Permission denied\n' * 3


@pytest.mark.parametrize('turns', range(0, 16, 3))
async def test_an_interrupt_while_the_copy_goes_on_loses_nothing(bench, turns):
    kernel = await bench.open()
    await bench.run('x = 1')
    await bench.run('os_._exit(1)')
    cell = asyncio.create_task(bench.run('print(x)'))
    for _ in range(turns):
        await asyncio.sleep(0)
    await kernel.interrupt()
    await cell
    assert (await bench.run('print(x)')).stdout == '1\n'


async def test_a_run_that_is_dropped_while_the_copy_goes_on_tells_what_it_cost(bench):
    told = []
    for turns in range(12):
        await bench.open()
        await bench.run('x = 1')
        await bench.run('os_._exit(1)')
        cell = asyncio.create_task(bench.run('pass'))
        for _ in range(turns):
            await asyncio.sleep(0)
        cell.cancel()
        await asyncio.wait({cell})
        after = await bench.run('print(x)')
        told.append(after.stdout == '1\n' or 'all earlier cells were lost' in after.note)
    assert all(told)


async def test_a_copy_does_not_say_which_walls_are_up(bench):
    kernel = await bench.open()
    walls = kernel.sandbox
    await bench.run(
        'send = sys_.modules["spatialclaw_ros.channel.framing"].Channel.send\n'
        'def lie(self, kind, fields, fds=()):\n'
        '    send(self, kind, {"sandbox": "none"} if kind == "ready" else fields, fds)\n'
        'sys_.modules["spatialclaw_ros.channel.framing"].Channel.send = lie')
    await bench.run('os_._exit(1)')
    assert (await bench.run('print(1)')).stdout == '1\n'
    assert kernel.sandbox == walls


async def test_the_first_cell_costs_nothing_either(bench):
    outcome = await bench.run('x = 1\nos_._exit(3)')
    assert outcome.undone
    assert 'as they were before' in outcome.note
    assert (await bench.run('print(opening == "", "x" in globals())')).stdout == 'True False\n'


async def test_a_cell_that_raises_keeps_what_it_had(bench):
    outcome = await bench.run('x = 1\n1 / 0')
    assert not outcome.undone
    assert (await bench.run('print(x)')).stdout == '1\n'


async def test_a_copy_speaks_for_itself(bench):
    """Calls, output, pictures of memory and descriptors work in a copy that goes on."""
    async def echo(body):
        return bytes(bench.kernels[-1].arena[:8]) + body, ()

    memory = os.memfd_create('given')
    os.write(memory, b'!')
    await bench.open(b'hello', [memory])
    await bench.run('x = 1')
    await bench.run('call("never", np.arange(3))\nos_._exit(1)', echo)
    assert (await bench.run('print(call("ask", np.full(1, 7)))', echo)).stdout == (
        f"({bytes([7, 0, 0, 0, 0, 0, 0, 0]) + b'ask'}, [])\n")
    assert (await bench.run('print(opening, os_.pread(fds[0], 1, 0))')).stdout == "hello b'!'\n"
    crash = await bench.run('n = 1\nsys_.modules["ctypes"].string_at(0)')
    assert 'line 2' in crash.error
    crash = await bench.run('n = 1\n\nsys_.modules["ctypes"].string_at(0)')
    assert crash.error.count('line 3') == 1
    assert 'line 2' not in crash.error
    os.close(memory)


async def test_what_is_kept_in_the_channel_is_not_taken_for_the_next(bench):
    """A reply that the lost cell never read does not come to the cell after it."""
    async def late(body):
        await asyncio.sleep(0.05)
        return b'late', ()

    await bench.run('x = 1')
    lost = await bench.run(
        SIGNAL + 's.signal(s.SIGALRM, s.SIG_DFL)\ns.setitimer(s.ITIMER_REAL, 0.02)\n'
        'call("one")', late)
    assert lost.undone
    assert (await bench.run('print(call("two"))', late)).stdout == "(b'late', [])\n"


@pytest.mark.parametrize('code', [
    'call("slow")', 'while True: pass', 'sum(range(10 ** 13))'])
async def test_a_cancelled_cell_is_undone(bench, code):
    async def slow(body):
        await asyncio.Event().wait()

    kernel = await bench.open()
    await bench.run('x = [1]')
    cell = asyncio.create_task(bench.run(f'x.append(2)\nprint("go")\n{code}', slow))
    await bench.said('go')
    await kernel.interrupt()
    assert (await cell).undone
    assert (await bench.run('print(x)')).stdout == '[1]\n'


async def test_a_run_that_is_dropped_is_undone(bench):
    await bench.run('x = [1]')
    cell = asyncio.create_task(bench.run('x.append(2)\nprint("go")\nwhile True: pass'))
    await bench.said('go')
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    assert (await bench.run('print(x)')).stdout == '[1]\n'


async def test_between_cells_there_are_a_kernel_and_its_copy(bench):
    kernel = await bench.open()
    for _ in range(5):
        await bench.run('x = 1')
    await asyncio.wait({kernel._copying})
    running = psutil.Process(bench.nursery.pid).children(recursive=True)
    assert len([one for one in running if one.status() != psutil.STATUS_ZOMBIE]) == 2
    await bench.run('os_._exit(1)')
    await bench.run('x = 2')
    await asyncio.wait({kernel._copying})
    assert len(psutil.Process(bench.nursery.pid).children(recursive=True)) == 2
    await kernel.close()
    assert psutil.Process(bench.nursery.pid).children(recursive=True) == []


async def test_threads_end_with_their_cell(bench):
    outcome = await bench.run(
        'threading, time = (sys_.modules[name] for name in ("threading", "time"))\nn = 0\n'
        'def count():\n    global n\n    while True:\n'
        '        n += 1; time.sleep(0.001)\n'
        'for _ in range(3): threading.Thread(target=count).start()')
    assert '3 thread(s) of the cell were ended with it' in outcome.note
    assert (await bench.run(
        'a = n\ntime.sleep(0.05)\nprint(n == a, threading.active_count())')).stdout == 'True 1\n'


async def test_without_checkpoints_the_loss_is_told(bench):
    await bench.open(checkpoints=False)
    await bench.run('x = [1]')
    stopped = await bench.run('x.append(2)\nwhile True: pass', seconds=0.1)
    assert not stopped.undone
    assert 'is kept' in stopped.note
    assert (await bench.run('print(x)')).stdout == '[1, 2]\n'
    crashed = await bench.run('os_._exit(1)')
    assert crashed.undone
    assert 'lost with the variables of this and all earlier cells' in crashed.note
    assert (await bench.run('x')).error_type == 'NameError'


async def test_a_system_without_supervised_forks_loses_variables_and_says_so(walled_off):
    await walled_off.open(sandbox='available')
    await walled_off.run('x = 1')
    crashed = await walled_off.run('os_._exit(1)')
    assert 'no supervised forks' in crashed.note
    assert (await walled_off.run('x')).error_type == 'NameError'


async def test_a_copy_that_is_gone_is_told_with_the_next_cell(bench, monkeypatch):
    await bench.run('x = 1')
    assert 'as they were' in (await bench.run('os_._exit(1)')).note

    async def gone(self, process):
        raise OpeningFailed('the copy of the kernel was lost')

    monkeypatch.setattr(births.Births, 'resume', gone)
    outcome = await bench.run('x')
    assert outcome.error_type == 'NameError'
    assert outcome.note.startswith('the copy of the kernel was lost: the variables of all earlier')
    assert 'earlier' not in (await bench.run('1')).note


async def test_a_copy_is_no_zombie_and_leaves_no_descriptor(bench):
    await bench.run('x = 1')
    await asyncio.wait({bench.kernels[-1]._copying})
    nursery = psutil.Process(bench.nursery.pid)
    before = _open_files(nursery.pid), _open_files(os.getpid())
    for _ in range(10):
        await bench.run('y = 2')
        await bench.run('os_._exit(1)')
        await bench.run('y = 3')
        await asyncio.wait({bench.kernels[-1]._copying})
    assert (_open_files(nursery.pid), _open_files(os.getpid())) == before
    assert all(one.status() != psutil.STATUS_ZOMBIE for one in nursery.children(recursive=True))


WORKER = 'import time\nos, kernel = os_, sys_.modules["spatialclaw_ros.kernel.worker"]._Kernel\n'


@pytest.mark.parametrize(('taken_over', 'word'), [
    ('lambda self: os.fork() or time.sleep(60)', 'did not wait until it was needed'),
    ('lambda self: time.sleep(60)', 'did not fork the copy that was asked of it')])
async def test_a_kernel_that_cheats_at_the_copy_wins_no_process(bench, taken_over, word):
    await bench.open(check=False)
    await bench.run(f'{WORKER}kernel._leave_copy = {taken_over}\nx = 1')
    outcome = await bench.run('y = 1', seconds=10)
    assert word in outcome.note + outcome.error
    assert len(psutil.Process(bench.nursery.pid).children(recursive=True)) <= 2
    assert (await bench.run('print(1 + 1)')).stdout == '2\n'


async def test_a_copy_that_runs_is_ended(bench):
    """A copy that waits has one thread; one with more does what it likes."""
    await bench.open(check=False)
    await bench.run(
        WORKER + 'import threading\nlibc = sys_.modules["ctypes"].CDLL(None)\n'
        'def leave(self):\n'
        '    if libc.fork() == 0:\n'
        '        threading.Thread(target=time.sleep, args=(60,)).start()\n'
        '        while True: libc.fork()\n'
        'kernel._leave_copy = leave')
    await bench.run('x = 1')
    for _ in range(50):
        running = psutil.Process(bench.nursery.pid).children(recursive=True)
        if len([one for one in running if one.status() != psutil.STATUS_ZOMBIE]) == 1:
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError(running)
    assert (await bench.run('print(1 + 1)')).stdout == '2\n'


async def test_a_copy_that_dies_costs_the_nursery_nothing(bench):
    """As when the system runs out of memory and ends it."""
    kernel, other = await bench.open(), await bench.open()
    await bench.run('y = 2')
    for close in (False, True):
        await kernel.run('x = 1', on_output=print, on_call=print)
        await asyncio.wait({kernel._copying})
        (copied,) = [child for main in psutil.Process(bench.nursery.pid).children()
                     if main.pid != main_of(other) for child in main.children()]
        copied.kill()
        copied.wait(5)
        if close:
            await kernel.close()
        else:
            outcome = await kernel.run('os_._exit(1)', on_output=print, on_call=print)
            assert 'lost' in outcome.note
    assert other is bench.kernels[-1]
    assert (await bench.run('print(y)')).stdout == '2\n'


async def test_a_dead_nursery_leaves_no_copy(bench):
    await bench.run('x = 1')
    await asyncio.wait({bench.kernels[-1]._copying})
    nursery = psutil.Process(bench.nursery.pid)
    family = nursery.children(recursive=True)
    assert len(family) == 2
    nursery.kill()
    _gone, alive = await asyncio.to_thread(psutil.wait_procs, family, 10)
    assert alive == []


async def test_a_timer_does_not_outlive_its_cell(bench):
    await bench.open(check=False)
    await bench.run('import signal\nsignal.signal(signal.SIGALRM, lambda *_: 1 / 0)\n'
                    'signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)')
    assert (await bench.run('x = 1')).status == 'ok'
    assert (await bench.run('os_._exit(1)')).undone
    assert (await bench.run('print(x)')).stdout == '1\n'


@pytest.mark.parametrize('change', [
    '_go_on = lambda self: time.sleep(1000)',
    '_leave_copy = lambda self: os.fork() or time.sleep(1000)'])
async def test_a_kernel_that_hangs_between_cells_can_be_closed(bench, change):
    kernel = await bench.open(check=False)
    await bench.run(f'{WORKER}kernel.{change}')
    await bench.run('os._exit(1)', seconds=5)
    waiting = asyncio.create_task(bench.run('1', seconds=5))
    await asyncio.sleep(0.1)
    await asyncio.wait_for(kernel.close(), 20)
    assert (await waiting).status in ('killed', 'ok')
    assert psutil.Process(bench.nursery.pid).children(recursive=True) == []


@pytest.mark.parametrize('checkpoints', [False, True])
async def test_closing_while_a_cell_is_about_to_run(bench, checkpoints):
    kernel = await bench.open(checkpoints=checkpoints)
    await bench.run('x = 1')
    await bench.run('os_._exit(1)')
    cell = asyncio.create_task(bench.run('print(x)'))
    await asyncio.sleep(0)
    await kernel.close()
    assert (await cell).status in ('killed', 'ok', 'error')
    assert psutil.Process(bench.nursery.pid).children(recursive=True) == []


async def test_who_asks_for_a_fork_a_thousand_times_is_ended(bench):
    await bench.open(check=False)
    await bench.run('x = 1')
    outcome = await bench.run(
        'while True:\n    try: os_.fork()\n    except OSError: pass', seconds=30)
    assert 'tried to start a process over 1000 times' in outcome.error
    assert (await bench.run('print(x)')).stdout == '1\n'


async def test_a_fork_is_refused_at_once(bench):
    await bench.open(check=False)
    outcome = await bench.run(
        'try: os_.fork()\nexcept PermissionError as error: print(error)\n'
        'import subprocess\n'
        'try: subprocess.run(["true"])\nexcept PermissionError as error: print(error)',
        seconds=10)
    assert outcome.stdout.count('Operation not permitted') == 2


def _open_files(pid: int) -> list[str]:
    gc.collect()
    links = []
    for link in Path(f'/proc/{pid}/fd').iterdir():
        with contextlib.suppress(OSError):
            links.append(str(link.readlink()).split('[')[0])
    return sorted(links)
