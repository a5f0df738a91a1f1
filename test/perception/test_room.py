"""The model engines of one process: made when asked for, and never a cause of an exception."""

from pathlib import Path
import subprocess
import sys
import types

from engine_rooms import depth_call
from engine_rooms import frame
from engine_rooms import order
import pytest

from spatialclaw_ros import __version__
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.perception import room as room_module
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import EngineSettings
from spatialclaw_ros.perception.room import EngineRoom

SETTINGS = EngineSettings(device='cpu', sam3='a/checkpoint')


class Engine:
    """Stands in for each of the three; notes what it was made with."""

    made = []

    def __init__(self, *given):
        self.made.append(given)
        self.error = None

    def answer(self, call, cancelled):
        if cancelled():
            raise CallCancelled('nobody waits')
        if call.request.prompts == ('fail',):
            raise self.error
        return Segmented((), (), f'{len(self.made)} made')

    def state(self):
        return EngineState('sam3', 'a/checkpoint', 'licence', is_loaded=False)


@pytest.fixture
def room(monkeypatch):
    monkeypatch.setattr(Engine, 'made', [])
    for package, name in (('sam3', 'Sam3'), ('depth_anything', 'DepthAnything')):
        path = f'spatialclaw_ros.perception.{package}'
        monkeypatch.setitem(sys.modules, path, types.ModuleType(path))
        engine = types.ModuleType(f'{path}.engine')
        setattr(engine, name, type(name, (Engine,), {}))
        monkeypatch.setitem(sys.modules, f'{path}.engine', engine)
    fused = types.ModuleType('spatialclaw_ros.perception.fusion.engine')
    fused.Fused = type('Fused', (Engine,), {})
    monkeypatch.setitem(sys.modules, 'spatialclaw_ros.perception.fusion.engine', fused)
    monkeypatch.setattr(room_module, 'lacking', lambda *_: '')
    return EngineRoom(SETTINGS)


def test_engines_are_made_when_asked_for_and_kept(room):
    assert Engine.made == []
    assert room.answer(order('x', engine='sam3')).reason == '1 made'
    assert room.answer(order('x', engine='sam3')).reason == '1 made'
    assert Engine.made == [(SETTINGS,)]


def test_fused_works_with_the_depth_engine_that_is_there(room):
    room.answer(order('x', engine='depth_anything_3'))
    room.answer(order('x', engine='fused'))
    assert Engine.made[1:] == [(room._engine('depth_anything_3'),)]


def test_an_unknown_engine_is_told_with_those_there_are(room):
    failed = room.answer(order('x', engine='sam2'))
    assert failed.kind == 'Unanswerable'
    assert "'sam2'" in failed.message and 'sam3, depth_anything_3, fused' in failed.message


@pytest.mark.parametrize(('error', 'is_traced'), [
    (ValueError('no area'), False), (ZeroDivisionError('by zero'), True), (MemoryError(), True)])
def test_what_an_engine_raises_is_a_reply_and_traced_when_it_is_a_fault(
        room, capsys, error, is_traced):
    room._engine('sam3').error = error
    assert room.answer(order('fail', engine='sam3')) == Failed(type(error).__name__, str(error))
    assert ('Traceback' in capsys.readouterr().err) == is_traced


def test_the_flag_reaches_the_engine(room):
    failed = room.answer(order('x', engine='sam3'), lambda: True)
    assert failed == Failed('CallCancelled', 'nobody waits')


def test_health_tells_device_memory_and_engines(room):
    health = room.health(3)
    assert (health.version, health.device, health.waiting) == (__version__, 'cpu', 3)
    assert 0 < health.memory_free < health.memory
    assert len(health.engines) == 3 and health.engines[0].checkpoint == 'a/checkpoint'
    assert not any(engine.problem for engine in health.engines)


def test_health_tells_why_nothing_can_run(room):
    health = EngineRoom(EngineSettings(device='cuda:77')).health(0)
    assert health.device == 'cuda:77'
    assert all('cuda:77' in engine.problem for engine in health.engines)


def test_health_tells_of_an_engine_whose_packages_are_missing(room, monkeypatch):
    monkeypatch.setitem(sys.modules, 'spatialclaw_ros.perception.sam3.engine', None)
    sam3, depth, _ = room.health(0).engines
    assert sam3.name == 'sam3' and 'sam3.engine' in sam3.problem and not depth.problem
    assert room.answer(order('x', engine='sam3')).kind == 'Unanswerable'


def test_what_hosts_import_brings_no_torch():
    code = ('import spatialclaw_ros.perception.process.host, spatialclaw_ros.perception.room, '
            'spatialclaw_ros.perception.web.client, sys; '
            'print({"torch", "httpx2", "starlette", "transformers"} & set(sys.modules))')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          cwd=Path(__file__).parents[2], check=True)
    assert done.stdout.strip() == 'set()'


def test_the_real_engines_answer_with_a_reply_where_there_are_no_weights(tmp_path):
    missing = str(tmp_path / 'none')
    room = EngineRoom(EngineSettings(device='cpu', offline=True, sam3=missing,
                                     depth_anything=missing, depth_anything_metric=missing))
    for call in (order('mug', engine='sam3', frames=(frame(),)),
                 depth_call(frame(), engine='depth_anything_3'),
                 depth_call(frame(), engine='fused')):
        state, = (state for state in room.health(0).engines if state.name == call.engine)
        assert missing in state.problem  # before it was asked
        failed = room.answer(call)
        assert failed.kind == 'Unanswerable' and missing in failed.message


@pytest.mark.parametrize('error', [
    ImportError('libtorch_cpu.so: failed to map segment\nfrom shared object'),
    OSError('libcudart.so.12: cannot open shared object file')])
def test_a_package_that_cannot_be_imported_is_told_in_one_line(room, capsys, error):
    room.answer(order('say', 'sam3'))
    room._engines['sam3'].error = error
    failed = room.answer(order('fail', 'sam3'))
    assert failed == Failed('Unanswerable', (
        f"engine 'sam3' cannot run here: {' '.join(str(error).split())}; `spatialclaw doctor "
        '--models` shows its packages and the free memory'))
    assert not capsys.readouterr().err
