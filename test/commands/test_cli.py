"""The command as a user runs it: its own process, exit status, and nothing else on stdout."""

import asyncio
import json
from pathlib import Path
import signal
import subprocess
import sys

import numpy as np
from PIL import Image
import psutil
import pytest

from spatialclaw_ros.commands import kernel

TABLE = Path(__file__).parents[1] / 'data' / 'ycb_table_a'
BANANA, DRILL = 'banana=0:136,345,268,472', 'drill=0:48,252,277,363'


def spatialclaw(*arguments, stdin=None, cwd=None):
    return subprocess.run(
        [str(Path(sys.executable).with_name('spatialclaw')), *map(str, arguments)],
        input=stdin, capture_output=True, text=True, timeout=120, cwd=cwd)


def ask(*arguments):
    done = spatialclaw('ask', *arguments, '--json')
    report = json.loads(done.stdout)
    assert (done.returncode == 0) == (report['status'] == 'ANSWERED'), done
    return report


def test_a_distance_has_value_interval_and_end_points(tmp_path):
    report = ask('How far is the banana from the drill?', '--recording', TABLE.resolve(),
                 '--region', BANANA, '--region', DRILL, '--transcript', tmp_path)
    low, high = report['interval']
    assert report['unit'] == 'm'
    assert low <= report['value'] == report['answer'] <= high
    distance = report['distances'][0]
    ends = np.subtract(distance['from_point'], distance['to_point'])
    assert np.linalg.norm(ends) == pytest.approx(report['value'], abs=1e-3)
    assert {found['name'] for found in report['objects']} == {'banana', 'drill'}
    assert Path(report['transcript'].removeprefix('file://')).read_text().count('\n') > 4


def test_a_word_is_the_regions_own_name_and_runs_from_any_directory(tmp_path):
    done = spatialclaw('ask', 'Which of the banana and the drill is nearest to the camera?',
                       '--recording', TABLE.resolve(), '--region', BANANA, '--region', DRILL,
                       cwd=tmp_path)
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[0] == 'banana'


@pytest.mark.parametrize(('question', 'arguments', 'status', 'words'), [
    ('How far is the banana from the fridge?', [], 'UNKNOWN_OBJECT', ['fridge', 'drill']),
    ('How much does the banana weigh?', [], 'UNANSWERABLE', ['distance']),
    ('', [], 'BAD_GOAL', ['empty']),
    ('How tall is the banana?', ['--timeout', '-1'], 'BAD_GOAL', ['-1', 'timeout']),
    ('How tall is the banana?', ['--target-frame', 'moon'], 'NO_TRANSFORM', ['moon', 'camera']),
    ('How tall is the banana?', ['--frames', '9'], 'BAD_GOAL', ['9', 'frames 0']),
    ('How tall is the banana?', ['--frames', 'x'], 'BAD_GOAL', ['x']),
    ('How tall is the mug?', ['--region', 'mug=0:700,10,720,40'], 'BAD_GOAL', ['mug', '640x480']),
    ('How tall is the mug?', ['--region', 'mug=0:30,10,20,40'], 'BAD_GOAL', ['no area']),
    ('How tall is the mug?', ['--region', 'mug'], 'BAD_GOAL', ['NAME=FRAME']),
])
def test_bad_input_names_the_thing_and_what_to_do(question, arguments, status, words):
    report = ask(question, '--recording', TABLE, '--region', BANANA, '--region', DRILL, *arguments)
    assert report['status'] == status, report
    assert report['value'] is None
    for word in words:
        assert word in report['explanation']


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--recording', TABLE], '--recording'),
    (['--frames', '0'], '--frames'),
    (['--transcript', 'kept'], '--transcript'),
    (['--segment', 'sam3'], 'engines.segment'),
    (['--engine-server', 'http://gpu:8484'], 'engines.server'),
    (['--max-steps', '-1'], '-1'),
    (['--timeout', 'nan'], 'positive'),
    (['--region', BANANA, '--region', 'drill=3:1,2,30,40'], 'newest image')])
def test_what_does_not_go_with_a_running_node_is_refused(arguments, words):
    report = ask('How tall is the banana?', '--live', *arguments)
    assert report['status'] == 'BAD_GOAL'
    assert words in report['explanation']


def test_a_recording_with_a_truncated_file_says_which(tmp_path):
    for name in ('scene_camera.json', 'scene_info.json'):
        (tmp_path / name).write_bytes((TABLE / name).read_bytes())
    for folder in ('rgb', 'depth'):
        (tmp_path / folder).mkdir()
        data = (TABLE / folder / '000000.png').read_bytes()
        (tmp_path / folder / '000000.png').write_bytes(data[:len(data) // 2])
    report = ask('How tall is the drill?', '--recording', tmp_path, '--region', DRILL)
    assert report['status'] == 'BAD_GOAL'
    assert '000000.png' in report['explanation']


def test_kernel_runs_queued_cells_and_leaves_no_process(tmp_path):
    cells = ['x = 20', 'x + 1', '1 / 0', 'import os', 'while True: pass', 'print(x)',
             'show(InputImages[0], label="table")', 'ReturnAnswer(x)']
    lines = ''.join(json.dumps({'code': code}) + '\n' for code in cells)
    done = spatialclaw('kernel', '--json', '--recording', TABLE, '--region', BANANA,
                       '--cell-timeout', '1', '--images', tmp_path, stdin='not json\n' + lines)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r['status'] for r in results] == [
        'refused', 'ok', 'ok', 'error', 'refused', 'timeout', 'ok', 'ok', 'ok'], done.stderr
    assert results[1]['variables'] == {'x': results[1]['variables']['x']}
    assert results[2]['stdout'].strip() == '21'
    assert 'ZeroDivisionError' in results[3]['error']
    assert np.asarray(Image.open(results[7]['images'][0])).shape[2] == 3
    assert results[8]['answer'] == 20
    left = [p for p in psutil.process_iter(['cmdline'])
            if 'spatialclaw_ros.kernel.nursery' in (p.info['cmdline'] or [])
            and p.ppid() == 1]
    assert not left


def test_a_line_that_cannot_be_read_leaves_the_kernel_running():
    command = [str(Path(sys.executable).with_name('spatialclaw')), 'kernel', '--json']
    done = subprocess.run(command, input=b'[' * 100_000 + b'\n\xff\n{"code": "2 + 2"}\n',
                          capture_output=True, timeout=120)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r['status'] for r in results] == ['refused', 'refused', 'ok'], done.stderr
    assert done.returncode == 0


def test_ctrl_c_ends_a_kernel_that_waits_for_input():
    command = [str(Path(sys.executable).with_name('spatialclaw')), 'kernel', '--json']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(b'{"code": "1"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())['stdout'] == '1\n'
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


@pytest.mark.parametrize('seconds', ['0', '-1', 'nan'])
def test_a_limit_that_is_none_is_refused(seconds):
    done = spatialclaw('kernel', '--json', '--cell-timeout', seconds, stdin='{"code": "1"}\n')
    assert done.returncode == 2 and not done.stdout
    assert seconds in done.stderr and 'positive' in done.stderr


def test_usage_errors_are_not_answers():
    assert spatialclaw('ask').returncode == 2
    assert spatialclaw('kernel', '--recording', '/nowhere/at/all').returncode == 2


def test_ctrl_c_while_the_commands_are_imported_says_nothing():
    code = (
        'import signal, sys\n'
        'class Pressed:\n'
        '    def find_spec(self, name, *_):\n'
        '        if name == "spatialclaw_ros.commands.ask":\n'
        '            signal.raise_signal(signal.SIGINT)\n'
        'sys.meta_path.insert(0, Pressed())\n'
        'from spatialclaw_ros import cli\n'
        'sys.exit(cli.main(["ask", "?"]))\n')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, '', '')


def test_ctrl_c_ends_in_good_order_what_the_kernel_command_waits_for():
    loop = asyncio.new_event_loop()
    ended = []

    async def opening():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    loop.call_later(0.05, signal.raise_signal, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        kernel._result(loop, opening())
    loop.close()
    assert ended
