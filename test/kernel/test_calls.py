from __future__ import annotations

import asyncio

from kernel_probes import held_by
import numpy as np
import pytest

from spatialclaw_ros.memory import seal


async def test_arrays_go_out_through_the_arena(bench):
    kernel = await bench.open()

    async def on_call(body):
        array = np.frombuffer(kernel.arena, np.float64, 1000)
        return f'{body.decode()} {array.sum():g}'.encode(), ()

    outcome = await bench.run('print(call("sum", np.full(1000, 2.0))[0])', on_call)
    assert outcome.stdout == "b'sum 2000'\n"


async def test_the_arena_can_neither_shrink_nor_grow_nor_be_written_by_the_host(bench):
    kernel = await bench.open()
    assert kernel.arena.readonly
    outcome = await bench.run(
        'tried = 0\n'
        'for fd in range(3, 100):\n'
        '    for size in (0, 1 << 27):\n'
        '        try:\n'
        '            os_.ftruncate(fd, size)\n'
        '        except PermissionError: tried += 1\n'
        '        except OSError: pass\n'
        'print(tried)')
    assert outcome.stdout == '4\n'  # arena and crash report
    assert len(kernel.arena) == bench.limits.arena_bytes
    assert bytes(kernel.arena[-8:]) == bytes(8)


async def test_descriptors_come_in_with_opening_and_reply(bench):
    (opened,) = seal([np.frombuffer(b'frame', np.uint8)])
    (replied,) = seal([np.frombuffer(b'depth', np.uint8)])
    await bench.open(b'hello', [opened.memory.fd])

    async def on_call(body):
        return b'two', [replied.memory.fd, replied.memory.fd]

    outcome = await bench.run(
        'print(opening, contents)\n'
        'data, fds = call("give")\n'
        'print(data, [os_.pread(fd, 5, 0) for fd in fds], len(set(fds)))', on_call)
    assert outcome.stdout == "hello ['frame']\nb'two' [b'depth', b'depth'] 2\n"


async def test_many_descriptors_come_whole_and_in_order(bench):
    sealed = [seal([np.frombuffer(f'{i:04}'.encode(), np.uint8)])[0] for i in range(300)]
    await bench.open(b'', [array.memory.fd for array in sealed])
    outcome = await bench.run('print(contents == [f"{i:04}" for i in range(300)])')
    assert outcome.stdout == 'True\n'
    await bench.run('os_._exit(1)')
    outcome = await bench.run('print(len(contents))')
    assert outcome.stdout == '300\n'


async def test_large_openings_and_replies(bench):
    await bench.open(b'o' * (8 << 20))

    async def on_call(body):
        return b'r' * (8 << 20), ()

    outcome = await bench.run('print(len(opening), len(call("x")[0]))', on_call)
    assert outcome.stdout == f'{8 << 20} {8 << 20}\n'


async def test_a_request_that_is_too_long_is_an_error_of_the_cell(bench):
    outcome = await bench.run('call("x" * (2 << 20))')
    assert (outcome.status, outcome.error_type) == ('error', 'ValueError')
    assert 'too long' in outcome.error


async def test_a_thread_cannot_call(bench):
    await bench.open(check=False)
    outcome = await bench.run(
        'import threading\n'
        'def work():\n'
        '    try: call("x")\n'
        '    except RuntimeError as e: print(e)\n'
        't = threading.Thread(target=work); t.start(); t.join()')
    assert 'a thread cannot' in outcome.stdout


async def test_output_before_a_call_comes_before_it(bench):
    async def on_call(body):
        assert ''.join(bench.streamed) == 'first\n'
        return b'', ()

    assert (await bench.run('print("first")\ncall("x")\nprint("second")', on_call)).status == 'ok'


def forge(payload: str) -> str:
    """A cell that sends the bytes of expression `payload` on the kernel's own channel."""
    return (
        'import msgpack, socket, stat, struct\n'
        'def pack(**fields):\n'
        '    body = msgpack.packb(fields)\n'
        '    return struct.pack(">I", len(body)) + body\n'
        'for fd in range(64):\n'
        '    try: mode = os_.fstat(fd).st_mode\n'
        '    except OSError: continue\n'
        '    if stat.S_ISSOCK(mode):\n'
        f'        os_.write(fd, {payload})\n'
        'while True: pass')


@pytest.mark.parametrize('payload', [
    'b"\\xff\\xff\\xff\\xff"',
    'b"\\x00\\x00\\x00\\x01\\xc1"',
    'b"\\x00\\x00\\x00\\x01\\x01"',
    'pack(version=2, type="done", fds=0)',
    'pack(version=1, type="done", fds=0)',
    'pack(version=1, type="done", fds=1)',
    'pack(version=1, type="done", fds=-1)',
    'pack(version=1, type="dance", fds=0)',
    'pack(version=1, type="call", fds=0, id="x", body=b"")',
    'pack(version=1, type="done", fds=0, status="triumph", error="", error_type="", note="", '
    'variables=[])',
    'pack(version=1, type="done", fds=0, status="ok", error="", error_type="", note="", '
    'variables=[["x"]])',
])
async def test_a_forged_message_ends_the_kernel_and_no_more(bench, payload):
    await bench.open(check=False)
    outcome = await bench.run(forge(payload))
    assert (outcome.status, outcome.error_type) == ('killed', 'ChannelError')
    assert (await bench.run('print(1)')).stdout == '1\n'


async def test_descriptors_from_a_kernel_are_dropped(bench):
    await bench.open(check=False)
    before = held_by()
    outcome = await bench.run(forge('b""').replace(
        'os_.write(fd, b"")',
        'socket.send_fds(socket.socket(fileno=os_.dup(fd)), [pack(version=1, type="done", fds=1)], '
        '[0])'))
    assert outcome.error_type == 'ChannelError'
    assert held_by() <= before


async def test_two_calls_at_once_are_a_breach(bench):
    await bench.open(check=False)
    call = 'pack(version=1, type="call", fds=0, id=1, body=b"")'
    outcome = await bench.run(forge(f'{call} + {call}'), lambda body: _never())
    assert outcome.error_type == 'ChannelError'


async def _never():
    await asyncio.Event().wait()
