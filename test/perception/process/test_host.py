"""Model engines in a child process: what comes back, what is counted, what an end does."""

import asyncio
import gc
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading

from engine_rooms import depth_call
from engine_rooms import engines
from engine_rooms import frame
from engine_rooms import order
from engine_rooms import said
import numpy as np
import psutil
import pytest

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Load
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.findings.errors import Busy
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.memory import seal
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.process import host as host_module
from spatialclaw_ros.perception.process import limits
from spatialclaw_ros.perception.process import running
from spatialclaw_ros.perception.process.host import EngineProcess
from spatialclaw_ros.scene import Frame


def open_descriptors(kind=''):
    links = []
    for path in Path('/proc/self/fd').iterdir():
        try:
            links.append(str(path.readlink()))
        except FileNotFoundError:  # that of the listing itself
            continue
    return sum(kind in link for link in links)


async def test_calls_are_answered_by_one_process_that_is_kept():
    async with engines() as host:
        pids = {await said(host, 'pid') for _ in range(3)}
        health = await host.health()
    assert len(pids) == 1 and int(pids.pop()) != os.getpid()
    assert (health.device, health.waiting, health.engines[0].name) == ('cpu', 0, 'fake')


async def test_arrays_go_there_and_back_and_what_the_engine_writes_is_seen_nowhere_else():
    loose = frame()
    image, depth = seal([loose.image, loose.depth])
    sealed = Frame(1, 0, loose.camera, image, depth)
    before = loose.depth.copy()
    async with engines() as host:
        reply = await host.answer(depth_call(loose, sealed))
        again = await host.answer(depth_call(loose, sealed))
    for geometry in (*reply.frames, *again.frames):
        np.testing.assert_array_equal(geometry.depth, before + 1)
        assert geometry.sigma.dtype == np.float32 and geometry.confidence.min() == 1
    np.testing.assert_array_equal(loose.depth, before)
    np.testing.assert_array_equal(depth, before)


async def test_what_an_engine_raises_is_raised():
    async with engines() as host:
        for words, kind, message in (
                ('raise NotVisible it hides', NotVisible, 'it hides'),
                ('raise KeyError no frame 7', KeyError, 'no frame 7'),
                ('raise Strange thing', RuntimeError, 'Strange: thing')):
            with pytest.raises(kind, match=message):
                await said(host, words)
        assert await said(host, 'say well') == 'well'


async def test_replies_that_cannot_be_sent_are_errors_of_their_call():
    async with engines('Sender') as host:
        with pytest.raises(RuntimeError, match='arrays of object cannot be sent'):
            await host.answer(depth_call(frame()))
        assert await said(host, 'say well') == 'well'


async def test_a_call_that_cannot_be_sent_is_an_error_of_its_own(monkeypatch):
    monkeypatch.setattr(running, 'MOST_MESSAGE', 600)
    async with engines() as host:
        with pytest.raises(RuntimeError, match='at most 600 are sent'):
            await said(host, 'say ' + 'x' * 700)
        assert await said(host, 'say well') == 'well'


async def test_calls_of_two_tasks_get_their_own_replies():
    async def ask(name):
        return [await said(host, f'say {name}{number}') for number in range(50)]

    async with engines() as host:
        heard = await asyncio.gather(ask('a'), ask('b'))
    assert heard == [[f'{name}{number}' for number in range(50)] for name in 'ab']


async def test_a_call_that_is_cancelled_frees_its_caller_and_keeps_its_place_until_it_ends():
    async with engines(most=2) as host:
        await said(host, 'pid')
        deaf = asyncio.ensure_future(said(host, 'sleep 1.5'))
        waiting = asyncio.ensure_future(said(host, 'say never'))
        await asyncio.sleep(0.1)
        deaf.cancel()
        done, _ = await asyncio.wait({deaf}, timeout=0.5)
        assert done and deaf.cancelled()
        with pytest.raises(Busy, match='2 calls'):
            await said(host, 'pid')
        waiting.cancel()
        while len(host._serving) > 1:  # that which waited ends at once, though the other runs
            await asyncio.sleep(0.01)
        assert (await host.health()).waiting == 1
        assert await said(host, 'say next') == 'next'


async def test_a_running_call_is_told_that_it_is_cancelled():
    async with engines() as host:
        for number in range(1, 4):
            running_call = asyncio.ensure_future(said(host, 'until cancelled'))
            while (await host.health()).waiting == 0:
                await asyncio.sleep(0.01)
            running_call.cancel()
            assert await said(host, 'seen') == str(number)


async def test_a_call_that_is_cancelled_while_the_process_starts_is_never_sent():
    async with engines() as host:
        early = asyncio.ensure_future(said(host, 'exit 1'))
        await asyncio.sleep(0.01)
        early.cancel()
        assert await said(host, 'say alive') == 'alive'


async def test_a_death_is_told_to_every_call_and_the_next_one_is_served():
    async with engines() as host:
        for words, told in (
                ('signal SIGKILL', ['killed', 'perhaps by the system for lack of memory']),
                ('signal SIGSEGV', ['SIGSEGV']),
                ('exit 3', ['status 3', 'said last: the last straw']),
                ('leave 4', ['SystemExit: 4']),
                ('raise RuntimeError CUDA error: an assert', ['CUDA error: an assert'])):
            before = await said(host, 'pid')
            dying, waiting = await asyncio.gather(
                host.answer(order(words, engine='sam3')),
                host.answer(order('pid', engine='fused')), return_exceptions=True)
            assert isinstance(dying, EngineDied) and isinstance(waiting, EngineDied)
            assert "engine 'sam3' died" in str(dying)
            assert "engine 'fused' lost its process" in str(waiting) and "'sam3'" in str(waiting)
            for part in told:
                assert part in str(dying)
            assert await said(host, 'pid') != before


async def test_killed_again_and_again_in_the_middle_of_200_calls():
    ended = []

    async def ask(number):
        async with places:
            try:
                ended.append((await said(host, f'say {number}')) == str(number))
            except EngineDied as error:
                ended.append("engine 'fake'" in str(error))
        if number % 80 == 20:
            os.kill(int(await said(host, 'pid')), signal.SIGKILL)

    places = asyncio.Semaphore(6)
    async with engines(most=12) as host:
        await asyncio.gather(*(ask(number) for number in range(200)), return_exceptions=True)
        assert len(ended) == 200 and all(ended)
        assert await said(host, 'say next') == 'next'


async def test_a_burst_of_500_calls_ends_and_takes_no_more_memory_than_a_few():
    shot = frame(size=(240, 320))
    gc.collect()
    before = open_descriptors('memfd')  # of tests that ran earlier in this process
    most_held = 0

    async def watch():
        nonlocal most_held
        while True:
            most_held = max(most_held, open_descriptors('memfd'))
            await asyncio.sleep(0.001)

    async with engines(most=8) as host:
        await said(host, 'pid')
        watching = asyncio.ensure_future(watch())
        ended = await asyncio.gather(
            *(host.answer(order('say here', frames=(shot,))) for _ in range(500)),
            return_exceptions=True)
        watching.cancel()
        child = psutil.Process(int(await said(host, 'pid')))
        assert sum(isinstance(one, Segmented) for one in ended) == 8
        assert sum(isinstance(one, Busy) for one in ended) == 492
        # Memories of eight calls and their replies: a descriptor each, and that of its mapping.
        assert most_held - before <= 4 * 8
        assert child.memory_info().rss < 500 << 20


async def test_a_call_that_takes_too_long_is_ended_with_the_process():
    async with engines(call_seconds=0.3) as host:
        with pytest.raises(EngineDied, match=r'longer than 0\.3 s; raise engines\.call_seconds'):
            await said(host, 'sleep 20')
        assert await said(host, 'say next') == 'next'
        # Counted is the time of the call that runs, not that of waiting for it.
        assert await asyncio.gather(*(said(host, 'sleep 0.15') for _ in range(4))) == ['0.15'] * 4


async def test_loading_has_a_limit_of_its_own(monkeypatch):
    async with engines(call_seconds=0.2) as host:
        assert (await host.answer(EngineCall('slow', Load()))).is_loaded
        monkeypatch.setattr(limits, '_LOAD_SECONDS', 0.3)
        with pytest.raises(EngineDied, match=r'longer than 0\.3 s; bring its weights here'):
            await host.answer(EngineCall('slow', Load()))
    async with engines(call_seconds=20) as host:
        assert (await host.answer(EngineCall('slow', Load()))).is_loaded


async def test_three_deaths_at_the_start_are_enough(monkeypatch):
    async with engines('Stillborn') as host:
        for _ in range(3):
            with pytest.raises(EngineDied, match=r'status 1.*RuntimeError: no such luck'):
                await said(host, 'pid')
        monkeypatch.setattr(host_module, 'spawn', None)
        with pytest.raises(EngineDied, match=r'3 times in a row.*no such luck'):
            await host.health()
        monkeypatch.undo()
        host._rested = 0.0
        host._room = 'engine_rooms:ObedientRoom'
        assert await said(host, 'say mended') == 'mended'


@pytest.mark.parametrize(('room', 'told'), [
    ('engine_rooms:Nobody', 'Nobody'), ('no_such_module:Room', 'no_such_module')])
async def test_a_room_that_is_not_there(room, told):
    host = EngineProcess(EngineSettings(), room=room)
    with pytest.raises(EngineDied, match=told):
        await host.answer(order('pid'))
    await host.close()


async def test_a_start_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(running, '_START_SECONDS', 0.2)
    async with engines('Sleeper') as host:
        with pytest.raises(EngineDied, match=r'not ready 0\.2 s after its start'):
            await said(host, 'pid')


async def test_a_process_that_does_not_end_though_killed_holds_nobody(monkeypatch):
    monkeypatch.setattr(running, '_KILL_SECONDS', 0.1)
    monkeypatch.setattr(running, '_LAST_SECONDS', 0.1)
    async with engines(call_seconds=0.2) as host:
        hung = psutil.Process(int(await said(host, 'pid')))
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.subprocess.Process, 'kill', lambda process: None)
            with pytest.raises(EngineDied, match=rf'process {hung.pid} has not ended yet'):
                await said(host, 'sleep 20')
        assert await said(host, 'pid') != str(hung.pid)


async def test_closing_ends_what_runs_and_what_is_asked_later():
    async with engines() as host:
        child = psutil.Process(int(await said(host, 'pid')))
        calls = [asyncio.ensure_future(said(host, 'sleep 20')) for _ in range(3)]
        await asyncio.sleep(0.05)
        await host.close()
        await host.close()
        for ended in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(ended, EngineDied) and 'closed' in str(ended)
        assert not child.is_running()
        with pytest.raises(EngineDied, match='closed'):
            await said(host, 'pid')


async def test_fifty_starts_and_ends_leave_nothing_behind():
    async with engines() as host:
        await said(host, 'pid')
    before = open_descriptors(), len(psutil.Process().children())
    for number in range(50):
        host = EngineProcess(EngineSettings(), room='engine_rooms:ObedientRoom')
        asking = asyncio.ensure_future(said(host, 'pid'))
        if number % 25:  # in the middle of its start
            await asyncio.sleep(0.002 * (number % 10))
        else:
            await asking
        await host.close()
        await asyncio.wait({asking})
        asking.exception()
    assert (open_descriptors(), len(psutil.Process().children())) == before


def test_it_ends_with_a_host_that_is_killed():
    code = ('import asyncio, time; from engine_rooms import order; '
            'from spatialclaw_ros.perception.engine import EngineSettings; '
            'from spatialclaw_ros.perception.process.host import EngineProcess\n'
            'async def main():\n'
            '    host = EngineProcess(EngineSettings(), room="engine_rooms:ObedientRoom")\n'
            '    print((await host.answer(order("pid"))).reason, flush=True)\n'
            '    await host.answer(order("sleep 60"))\n'
            'asyncio.run(main())')
    here = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True,
                            env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)})
    child = psutil.Process(int(here.stdout.readline()))
    child.suspend()  # it can hear nothing
    here.kill()
    here.wait()
    here.stdout.close()
    child.wait(10)


def test_a_host_may_live_on_a_loop_of_its_own_thread():
    heard = []

    async def ask():
        async with engines() as host:
            heard.append(await said(host, 'say from a thread'))

    thread = threading.Thread(target=asyncio.run, args=(ask(),))
    thread.start()
    thread.join(30)
    assert heard == ['from a thread']


async def test_what_an_abandoned_call_ends_with_goes_to_no_log():
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with engines() as host:
        call = asyncio.ensure_future(said(host, 'sleep 60'))
        while not (await host.health()).waiting:
            await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.wait({call})
    gc.collect()
    await asyncio.sleep(0)
    assert call.cancelled() and not told
