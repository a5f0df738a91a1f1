"""`spatialclaw serve`: what it refuses, and that it serves until it is told to end."""

import argparse
import asyncio
import os
import re
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from spatialclaw_ros.commands import serve
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import EngineDied
from spatialclaw_ros.perception.web import serving
from spatialclaw_ros.perception.web.client import RemoteEngines
from spatialclaw_ros.perception.web.server import app_of


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    return parser.parse_args(['serve', *arguments])


@pytest.mark.parametrize(('arguments', 'told'), [
    (['--host', '0.0.0.0'], r'export SPATIALCLAW_TOKEN=\$\(openssl'),
    (['--host', '::'], 'SPATIALCLAW_TOKEN'), (['--host', ''], 'SPATIALCLAW_TOKEN'),
    (['--host', 'gpu.local'], 'SPATIALCLAW_TOKEN'),
    (['--most-mb', '0'], '--most-mb is 0'), (['--waiting', '-1'], '--waiting is -1'),
    (['--engine-seconds', 'nan'], '--engine-seconds'), (['--port', '70000'], 'port 70000'),
    (['--views', '0'], 'views 0'),
])
def test_what_cannot_be_served_is_refused(monkeypatch, arguments, told):
    monkeypatch.delenv('SPATIALCLAW_TOKEN', raising=False)
    with pytest.raises(BadGoal, match=told):
        serve.run(parsed(*arguments))


def test_a_port_that_is_taken_is_told(monkeypatch):
    monkeypatch.delenv('SPATIALCLAW_TOKEN', raising=False)
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadGoal, match=f'port {port}.*in use.*--port'):
            serve.run(parsed('--port', str(port)))


@pytest.mark.parametrize('host', ['127.0.0.1', '127.9.9.9', '::1', 'localhost'])
def test_this_machine_needs_no_token(host):
    serve._check(parsed('--host', host), token='')


def test_it_serves_the_real_engines_until_a_signal(monkeypatch):
    code = ('import sys; from spatialclaw_ros.commands import serve; import argparse; '
            'parser = argparse.ArgumentParser(); serve.add_parser(parser.add_subparsers()); '
            'args = parser.parse_args(sys.argv[1:]); sys.exit(args.run(args))')
    monkeypatch.setenv('SPATIALCLAW_TOKEN', 'sesame')
    server = subprocess.Popen(
        [sys.executable, '-c', code, 'serve', '--host', '0.0.0.0', '--port', '0', '--device',
         'cpu', '--offline', '--sam3', '/nowhere'],
        stderr=subprocess.PIPE, text=True,
        env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)})
    try:
        line = server.stderr.readline()
        port = re.search(r'http://0\.0\.0\.0:(\d+), with the token', line).group(1)
        health = asyncio.run(_health(f'http://127.0.0.1:{port}'))
        children = psutil.Process(server.pid).children()
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
        assert 'Traceback' not in server.stderr.read()
    finally:
        server.kill()
        server.stderr.close()
    assert health.device == 'cpu' and {one.name for one in health.engines} == {
        'sam3', 'depth_anything_3', 'fused'}
    assert '/nowhere' in health.engines[0].problem  # nobody has asked for it yet
    assert len(children) == 1 and not children[0].is_running()


async def test_ending_before_the_engines_stand_says_nothing_of_them(capsys):
    class Starting:
        ended = asyncio.Event()

        async def health(self):
            os.kill(os.getpid(), signal.SIGTERM)
            await self.ended.wait()
            raise EngineDied('the engine process was ended, for the engines were closed')

        async def close(self):
            self.ended.set()
            await asyncio.sleep(0)

    host = Starting()
    with serving.listening('127.0.0.1', 0) as sock:
        await serving.serve(host, app_of(host), sock, has_token=False)
    assert capsys.readouterr().err.count('\n') == 1


async def _health(url):
    host = RemoteEngines(url)
    try:
        return await host.health()
    finally:
        await host.close()
