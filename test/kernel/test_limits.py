from __future__ import annotations

import asyncio
import os
import time

import psutil
import pytest

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
