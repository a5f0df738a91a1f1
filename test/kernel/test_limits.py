from __future__ import annotations

import asyncio
import os
import time

import psutil
import pytest

from spatialclaw_ros.channel.errors import ChannelError
from spatialclaw_ros.kernel.errors import OpeningFailed

ENDLESS_C = 'sum(range(10 ** 13))'


async def test_a_python_loop_is_interrupted(bench):
    outcome = await bench.run('print("part")\nwhile True: pass', seconds=0.1)
    assert (outcome.status, outcome.error_type) == ('timeout', 'TimeoutError')
    assert outcome.stdout == 'part\n'
    assert 'limit of 0.1 s' in outcome.error
    assert 'while True: pass' in outcome.error
    assert 'killed' not in outcome.error


@pytest.mark.parametrize('code', [
    ENDLESS_C,
    's = sys_.modules["signal"]\ns.signal(s.SIGINT, s.SIG_IGN)\nwhile True: pass',
])
async def test_what_ignores_the_interrupt_is_killed(bench, code):
    outcome = await bench.run(f'print("part", end="")\n{code}', seconds=0.1)
    assert (outcome.status, outcome.stdout) == ('timeout', 'part')
    assert 'killed' in outcome.error


async def test_interrupt_ends_a_loop_in_c(bench):
    kernel = await bench.open()
    cell = asyncio.create_task(bench.run(f'print("go")\n{ENDLESS_C}'))
    await bench.said('go')
    asked = time.monotonic()
    await kernel.interrupt()
    outcome = await cell
    assert (outcome.status, outcome.error_type) == ('killed', 'Cancelled')
    assert time.monotonic() - asked < 5
    assert (await bench.run('print(1)')).stdout == '1\n'


async def test_interrupt_drops_a_call_and_keeps_the_kernel(bench):
    kernel = await bench.open()
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def on_call(body):
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    await bench.run('x = 7')
    cell = asyncio.create_task(bench.run('call("slow")', on_call))
    await asked.wait()
    await kernel.interrupt()
    assert cancelled.is_set()
    outcome = await cell
    assert (outcome.status, outcome.error_type) == ('killed', 'Cancelled')
    assert (await bench.run('print(x)')).stdout == '7\n'


async def test_a_cancelled_run_leaves_no_process(bench):
    kernel = await bench.open()
    await bench.run('1')
    (child,) = psutil.Process(bench.nursery.pid).children()
    cell = asyncio.create_task(bench.run(f'print("go")\n{ENDLESS_C}'))
    await bench.said('go')
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    assert (await bench.run('print(2)')).stdout == '2\n'
    assert child not in psutil.Process(bench.nursery.pid).children()
    await kernel.close()
    assert psutil.Process(bench.nursery.pid).children() == []


async def test_time_in_calls_does_not_count(bench):
    async def on_call(body):
        await asyncio.sleep(0.5)
        return b'', ()

    outcome = await bench.run('call("slow")\nprint("after")', on_call, seconds=0.3)
    assert (outcome.status, outcome.stdout) == ('ok', 'after\n')
    assert outcome.seconds > 0.5


@pytest.mark.parametrize(('code', 'words'), [
    ('os_._exit(7)', 'exited with status 7'),
    ('os_.abort()', 'SIGSEGV'),
    ('os_.close(3); os_.closerange(3, 100)', ''),
])
async def test_a_crash_costs_the_cell_and_names_its_end(bench, code, words):
    outcome = await bench.run(f'print("before")\n{code}')
    assert (outcome.status, outcome.stdout) == ('killed', 'before\n')
    assert words in outcome.error
    assert 'undone' in outcome.note
    assert (await bench.run('print(1)')).stdout == '1\n'


async def test_a_segmentation_fault_names_its_line(bench):
    outcome = await bench.run('x = 1\nsys_.modules["ctypes"].string_at(0)')
    assert outcome.error_type == 'Crashed'
    assert 'File "<cell 1>", line 2' in outcome.error


async def test_threads_have_a_limit(bench):
    await bench.open(check=False)
    outcome = await bench.run(
        'import threading, time\nfor _ in range(300):\n'
        '    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n'
        'time.sleep(30)', seconds=20)
    assert 'over 256 threads' in outcome.error


@pytest.mark.parametrize('end', ['', 'close'])
async def test_a_cell_that_is_never_read_ends(bench, end):
    """The kernel dies, or is ended, while its host waits to send the rest of a cell."""
    kernel = await bench.open(checkpoints=False)
    await bench.run(
        'import time\ndef sleep_and_die(self):\n    time.sleep(0.5 if not {end!r} else 60)\n'
        '    os_._exit(3)\n'
        'sys_.modules["spatialclaw_ros.channel.framing"].Channel.receive = sleep_and_die'
        .replace('{end!r}', repr(end)))
    cell = asyncio.create_task(bench.run('pass  # ' + 'x' * 250_000))
    await asyncio.sleep(0.1)
    if end:
        await asyncio.wait_for(kernel.close(), 5)
    assert (await asyncio.wait_for(cell, 5)).status == 'killed'


async def test_an_opening_that_is_too_large_for_its_kernel_ends(bench):
    with pytest.raises(OpeningFailed):
        await asyncio.wait_for(bench.open(b'x' * (40 << 20), memory_bytes=16 << 20), 10)


async def test_a_reply_that_is_too_long_is_said(bench):
    async def long(_body):
        return bytes(65 << 20), ()

    with pytest.raises(ChannelError, match='at most 67108864 are sent'):
        await bench.run('call("x")', long)
    assert (await bench.run('print(1)')).stdout == '1\n'


async def test_a_run_that_is_dropped_does_not_drop_who_waits_for_it(bench):
    kernel = await bench.open()
    cell = asyncio.create_task(bench.run('print("go")\nsum(range(10 ** 13))'))
    await bench.said('go')
    closing = asyncio.create_task(kernel.close())
    await asyncio.sleep(0.02)
    cell.cancel()
    await asyncio.wait_for(closing, 5)
    assert not closing.cancelled()
    assert cell.done()


async def test_memory_has_a_limit(bench):
    await bench.open(memory_bytes=1 << 28)
    outcome = await bench.run('big = np.ones(1 << 28)')
    assert outcome.status == 'error'
    assert 'MemoryError' in outcome.error_type


async def test_a_flood_of_output_keeps_head_and_tail(bench):
    await bench.open(output_bytes=2000)
    outcome = await bench.run('print("first")\nprint("x" * 10**8)\nprint("last")')
    assert outcome.status == 'ok'
    assert outcome.stdout.startswith('first\nxxx')
    assert outcome.stdout.endswith('xxx\nlast\n')
    assert f'{10**8 + 12 - 2000} bytes cut' in outcome.stdout
    assert len(outcome.stdout) < 2100
    assert len(''.join(bench.streamed)) < 1200


async def test_output_of_native_code_is_caught_too(bench):
    assert (await bench.run('n = os_.write(2, b"native\\n")')).stdout == 'native\n'


async def test_close_ends_a_running_cell(bench):
    kernel = await bench.open()
    cell = asyncio.create_task(bench.run(f'print("go")\n{ENDLESS_C}'))
    await bench.said('go')
    await kernel.close()
    assert (await cell).status == 'killed'
    assert psutil.Process(bench.nursery.pid).children() == []


async def test_what_the_receivers_raise_ends_the_cell(bench):
    kernel = await bench.open()

    def broken(text):
        raise OSError('disk full')

    with pytest.raises(OSError, match='disk full'):
        await kernel.run('print(1)\nwhile True: pass', on_output=broken, on_call=broken)

    async def failing(body):
        raise ValueError('no engine')

    with pytest.raises(ValueError, match='no engine'):
        await bench.run('call("x")', failing)
    assert (await bench.run(f'print({os.getpid()} != os_.getpid())')).stdout == 'True\n'
