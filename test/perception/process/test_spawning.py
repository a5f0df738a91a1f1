"""What of this process reaches the child: its variables, its keyboard, its stdout."""

import asyncio
import os

from engine_rooms import engines
from engine_rooms import said
import pytest

from spatialclaw_ros.perception.process.spawning import environment


@pytest.mark.parametrize('name', [
    'TOKEN', 'OPENAI_API_KEY', 'OPENAI_API_KEY_2', 'OPENAIKEY', 'GITHUB_PAT', 'PGPASSWORD',
    'NAV_KEYS', 'MY_CREDENTIALS', 'NVIDIA_API_KEY', 'SPATIALCLAW_TOKEN', 'AWS_SECRET_ACCESS_KEY',
    'openai_api_key', 'SSH_AUTH_SOCK', 'ROS_DOMAIN_ID'])
def test_what_the_child_does_not_need_it_does_not_get(name):
    assert name not in environment({name: 'secret'})


@pytest.mark.parametrize('name', [
    'PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'HF_TOKEN', 'HF_HOME', 'HUGGING_FACE_HUB_TOKEN',
    'HUGGINGFACE_HUB_CACHE', 'TRANSFORMERS_OFFLINE', 'TORCH_HOME', 'PYTORCH_CUDA_ALLOC_CONF',
    'CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'LD_LIBRARY_PATH', 'LD_PRELOAD',
    'OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'XDG_CACHE_HOME',
    'PYTHONHASHSEED', 'HTTPS_PROXY', 'http_proxy', 'no_proxy', 'SSL_CERT_FILE',
    'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GLIBC_TUNABLES'])
def test_what_the_child_needs_it_gets(name):
    assert environment({name: 'its value'})[name] == 'its value'


async def test_keys_stay_here_and_ctrl_c_does_not_reach_it(monkeypatch, capfd):
    monkeypatch.setenv('OPENAI_API_KEY', 'secret')
    monkeypatch.setenv('HF_TOKEN', 'for the hub')
    async with engines() as host:
        assert await said(host, 'env OPENAI_API_KEY') == 'None'
        assert await said(host, 'env HF_TOKEN') == 'for the hub'
        assert os.getsid(int(await said(host, 'pid'))) != os.getsid(0)
        await said(host, 'print words of a library')
        while 'words of a library' not in (printed := capfd.readouterr()).err:
            await asyncio.sleep(0.01)
        assert printed.out == ''
