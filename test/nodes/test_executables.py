"""What `ros2 run` starts, as it starts it."""

import os
import signal
import subprocess
import sys
import time

import pytest


def started(executable, *arguments):
    """Its process, when it has begun to run Python."""
    code = ("import sys; print('on', flush=True); "
            f'from spatialclaw_ros.nodes.executables import {executable} as main; sys.exit(main())')
    process = subprocess.Popen(
        [sys.executable, '-c', code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=os.environ)
    assert process.stdout.readline() == 'on\n'
    return process


@pytest.mark.parametrize('seconds', [0.2, 0.5, 0.9, 1.4])
@pytest.mark.parametrize('executable', ['server', 'simulator'])
def test_ctrl_c_ends_it_also_while_it_starts(executable, seconds):
    process = started(executable)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, '')


@pytest.mark.parametrize(('arguments', 'words'), [
    (['-p', 'engines.sam3:='], "'-p engines.sam3:='"), (['--nonsense'], '--nonsense')])
@pytest.mark.parametrize('executable', ['player', 'server', 'simulator'])
def test_arguments_that_ros_cannot_read_are_one_line(executable, arguments, words):
    process = started(executable, '--ros-args', *arguments)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    said = errors.splitlines()[-1]  # rcl has one of its own before
    assert said.startswith(f'spatialclaw {executable}: ROS cannot start') and words in said
    assert 'Traceback' not in errors
