"""`spatialclaw doctor`: the walls as ever, and with --models which engines can run."""

from __future__ import annotations

from dataclasses import replace
import json
import math
import subprocess
import sys

from huggingface_hub import constants
import numpy as np
import pytest
from tiny_sam3 import save_tiny_sam3

from spatialclaw_ros import cli
from spatialclaw_ros.calls.requests import EngineHealth
from spatialclaw_ros.calls.requests import EngineState
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.commands import engine_checks
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.perception.weights import checkpoints
from spatialclaw_ros.perception.weights import packages
from spatialclaw_ros.perception.weights.checkpoints import lacking

DEPTH = ('a/one, a/two', 'Apache-2.0, CC BY-NC 4.0 (non-commercial)')
STATES = (EngineState('sam3', 'facebook/sam3', 'SAM License', is_loaded=False),
          EngineState('depth_anything_3', *DEPTH, is_loaded=False),
          EngineState('fused', *DEPTH, is_loaded=False))


class FakeHost:
    """Engines that answer, or raise `errors` of their name; here what they lack is told."""

    def __init__(self, choice, problem='', errors=()):
        self.choice, self.errors, self.calls, self.closed = choice, dict(errors), [], False
        self.states = {state.name: replace(state, problem='; '.join(filter(None, (
            '' if choice.server else lacking(state.name, choice.settings), problem))))
            for state in STATES}

    async def answer(self, call):
        self.calls.append(call)
        if call.engine in self.errors:
            raise self.errors[call.engine]
        self.states[call.engine] = replace(
            self.states[call.engine], is_loaded=True, seconds=0.25)
        return Segmented((0,), ())

    async def health(self):
        return EngineHealth('0.1.0', 'cuda:0', 8 * 2 ** 30, 3 * 2 ** 30, 2,
                            tuple(self.states.values()))

    async def close(self):
        self.closed = True


@pytest.fixture
def hosts(monkeypatch):
    """Hosts that were made; `faults` go into the next one."""
    class Hosts(list):
        faults: dict = {}

        def __call__(self, choice):
            self.append(FakeHost(choice, **self.faults))
            return self[-1]

    made = Hosts()
    monkeypatch.setattr(engine_checks, 'host_of', made)
    return made


@pytest.fixture
def weights(monkeypatch):
    """All weights are here."""
    monkeypatch.setattr(checkpoints, 'located', lambda name, **_: name)


@pytest.fixture
def no_weights(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path / 'cache'))


def doctor(capsys, *arguments):
    status = cli.main(['doctor', '--models', '--json', *arguments])
    report = json.loads(capsys.readouterr().out)
    return status, report, {engine['name']: engine for engine in report['engines']}


def test_the_walls_are_told_as_ever_and_torch_is_not_imported():
    code = ("import sys; from spatialclaw_ros import cli; status = cli.main(['doctor']);"
            "sys.exit('torch' if 'torch' in sys.modules else 10 + status)")
    told = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert told.returncode in (10, 11), told.stderr
    assert told.stdout.startswith('walls about the kernel: ')
    assert 'sam3' not in told.stdout


def test_all_is_well(capsys, hosts, weights):
    status, report, engines = doctor(capsys)
    assert status == 0
    assert (report['device'], report['memory_free'], report['waiting']) == (
        'cuda:0', 3 * 2 ** 30, 2)
    assert list(engines) == ['depth_camera', 'label_image', 'detections', 'sam3',
                             'depth_anything_3', 'fused']
    assert all(engine['can_run'] for engine in engines.values())
    assert engines['sam3']['seconds'] is None and hosts[0].calls == []
    assert engines['sam3']['versions']['torch']
    assert engines['depth_anything_3']['licence'].endswith('(non-commercial)')
    assert hosts[0].closed


def test_missing_weights_are_told_with_the_steps_that_bring_them(capsys, hosts, no_weights):
    status, _, engines = doctor(capsys)
    assert status == 1
    assert engines['depth_camera']['can_run'] and not engines['sam3']['can_run']
    assert engines['sam3']['problem'] == (
        'the weights of facebook/sam3 are not here: accept the SAM License on '
        'huggingface.co/facebook/sam3, then HF_TOKEN=<token of that account> hf download '
        'facebook/sam3')
    for name in ('DA3-BASE', 'DA3METRIC-LARGE'):
        assert f'hf download depth-anything/{name}' in engines['fused']['problem']


def test_a_wrong_folder_and_a_device_that_is_not_here_are_both_told(capsys, hosts, tmp_path):
    hosts.faults = {'problem': "device 'cuda' is not here"}
    _, _, engines = doctor(capsys, '--segment', 'sam3', '--sam3', str(tmp_path))
    assert f"cannot load checkpoint '{tmp_path}': the folder is empty" in engines['sam3']['problem']
    assert engines['sam3']['problem'].endswith("; device 'cuda' is not here")
    assert 'fused' not in engines
    gone = tmp_path / 'facebook' / 'sam3'
    _, _, engines = doctor(capsys, '--segment', 'sam3', '--sam3', str(gone))
    assert f"cannot load checkpoint '{gone}': there is no such folder" in engines['sam3']['problem']


def test_missing_packages_are_told_with_the_line_that_installs_them(capsys, hosts, monkeypatch):
    real = packages.find_spec
    monkeypatch.setattr(packages, 'find_spec',
                        lambda name: None if name == 'torch' else real(name))
    status, _, engines = doctor(capsys, '--reconstruct', 'fused')
    assert status == 1
    assert engines['fused']['problem'].startswith(
        'packages are missing or too old: `pip install torch`')
    assert engines['fused']['versions']['torch'] == ''


@pytest.mark.parametrize(('arguments', 'asked'), [
    (['--segment', 'sam3'], {'sam3'}), (['--reconstruct', 'fused', '--segment', 'sam3'],
                                        {'fused', 'sam3'}),
    (['--segment', 'label_image'], set())])
def test_the_status_is_that_of_the_engines_chosen(capsys, hosts, no_weights, arguments, asked):
    status, _, engines = doctor(capsys, *arguments)
    assert set(engines) - {'depth_camera', 'label_image', 'detections'} == asked
    assert status == bool(asked)


def test_the_settings_reach_the_engines(capsys, hosts, weights):
    doctor(capsys, '--device', 'cpu', '--precision', 'float16', '--sam3', '/models/sam3')
    settings = hosts[0].choice.settings
    assert (settings.device, settings.precision) == ('cpu', 'float16')
    assert settings.sam3 == '/models/sam3'


def test_each_engine_that_can_run_is_timed(capsys, hosts, weights):
    status, _, engines = doctor(capsys, '--time')
    assert status == 0
    assert [call.engine for call in hosts[0].calls] == [
        'sam3', 'sam3', 'depth_anything_3', 'depth_anything_3', 'fused', 'fused']
    first, second = (call.frames[0] for call in hosts[0].calls[:2])
    assert first.depth is not None and not np.array_equal(first.image, second.image)
    assert engines['fused']['seconds'] == 0.25 and engines['fused']['is_loaded']


def test_an_engine_without_weights_is_not_asked(capsys, hosts, no_weights):
    assert doctor(capsys, '--time')[0] == 1
    assert hosts[0].calls == []


@pytest.mark.parametrize('error', [Unanswerable('a checkpoint of another model'),
                                   EngineDied('killed for memory'), ValueError('no'),
                                   RuntimeError('a fault of the server')])
def test_an_engine_that_fails_when_it_is_timed_cannot_run(capsys, hosts, weights, error):
    hosts.faults = {'errors': {'sam3': error}}
    status, _, engines = doctor(capsys, '--time')
    assert status == 1
    assert (engines['sam3']['can_run'], engines['sam3']['problem']) == (False, str(error))
    assert engines['fused']['seconds'] == 0.25


def test_a_server_is_asked_for_its_own_engines(capsys, hosts, no_weights):
    status, report, engines = doctor(capsys, '--engine-server', 'http://bigger:8080')
    assert (status, report['server']) == (0, 'http://bigger:8080')
    assert engines['sam3']['versions'] == {} and engines['sam3']['can_run']
    assert hosts[0].choice.server == 'http://bigger:8080'


def test_a_server_that_is_down_is_one_clear_error(capsys):
    assert cli.main(['doctor', '--models', '--engine-server', 'http://127.0.0.1:9']) == 2
    assert 'no engine server answers at http://127.0.0.1:9' in capsys.readouterr().err


@pytest.mark.parametrize('flag', ['--json', '--time'])
def test_flags_of_the_engines_alone_are_refused(capsys, flag):
    assert cli.main(['doctor', flag]) == 2
    assert 'go with --models' in capsys.readouterr().err


@pytest.mark.parametrize('columns', range(60, 84, 4))
def test_it_is_readable_on_a_narrow_terminal(capsys, monkeypatch, hosts, no_weights, columns):
    monkeypatch.setenv('COLUMNS', str(columns))
    assert cli.main(['doctor', '--models']) == 1
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[0] == 'depth_camera: can run, here, on frames with a depth image'
    text = ' '.join(line.strip() for line in lines)
    assert 'version 0.1.0: on cuda:0, 3.0 of 8.0 GiB free, 2 calls waiting' in text
    assert 'sam3: cannot run: the weights of facebook/sam3 are not here' in text
    assert 'hf download depth-anything/DA3METRIC-LARGE' in text
    assert math.isnan(STATES[0].seconds) and ' s for a frame' not in text


def test_a_real_engine_is_loaded_and_timed(capsys, tmp_path):
    folder = save_tiny_sam3(tmp_path / 'tiny')
    status, report, engines = doctor(
        capsys, '--time', '--segment', 'sam3', '--sam3', str(folder), '--device', 'cpu')
    assert (status, report['device']) == (0, 'cpu')
    assert engines['sam3']['is_loaded'] and 0 < engines['sam3']['seconds'] < 60
    assert engines['sam3']['licence'] == 'unknown licence (commercial use unclear)'
