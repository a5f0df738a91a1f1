"""Nodes as a user starts them: processes of their own, ended by Ctrl-C."""

import contextlib
import os
import signal
import subprocess
import sys

import psutil


def parameters(values):
    """Command-line arguments that set ROS parameters."""
    arguments = ['--ros-args']
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        arguments += ['-p', f'{name}:={text}']
    return arguments


def interrupt(process):
    """Ctrl-C, as a terminal sends it to the whole foreground group; the exit status."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    status = process.wait(20)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive, f'left running: {alive}'
    return status


@contextlib.contextmanager
def node(module, namespace, **values):
    """One node of this package in its own process."""
    process = subprocess.Popen(
        [sys.executable, '-m', f'spatialclaw_ros.nodes.{module}',
         *parameters(values), '-r', f'__ns:={namespace}'],
        env=os.environ, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            interrupt(process)
