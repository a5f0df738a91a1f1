"""Commands that ask a model: what the flags do, and that nothing of it is needed without them."""

from __future__ import annotations

import json
import sys

from protocol_server import ProtocolServer
import pytest

from spatialclaw_ros import cli

TABLE = 'spatialclaw_ros/demo/ycb_table_a'
CELL = ('**Purpose**\nLook.\n**Reasoning**\nNone yet.\n**Next Goal**\nAnswer.\n**Code**\n'
        '```python\nrecon = tools.Reconstruct.Reconstruct()\n'
        'h = tools.Geometry.height(tools.SAM3.segment_image_by_box(InputImages[0], '
        '(322, 204, 405, 448)))\nReturnAnswer(h)\n```')


def ask(capsys, *arguments):
    status = cli.main(['ask', 'How high is the yellow one, please?', '--recording', TABLE, '--json',
                       *arguments])
    return status, json.loads(capsys.readouterr().out)


def test_a_question_is_answered_by_a_model(capsys, tmp_path):
    with ProtocolServer(['A plan.', CELL]) as server:
        status, report = ask(capsys, '--model-url', server.url, '--model', 'eyes-7b',
                             '--transcript', str(tmp_path))
    assert (status, report['status'], report['policy']) == (0, 'ANSWERED', 'code')
    assert report['answer'] == pytest.approx(0.19, abs=0.02)
    assert (report['tokens'], report['tool_calls']) == (36, 2)
    assert set(report['cost_seconds']) == {'model', 'kernel', 'perception'}
    assert server.requests[0].body['model'] == 'eyes-7b'


def test_a_profile_says_how_it_is_asked(capsys, tmp_path):
    with ProtocolServer(['A plan.', CELL]) as server:
        ask(capsys, '--model-url', server.url, '--model', 'x', '--policy', 'code',
            '--model-profile', 'config/models/hosted.yaml')
    assert 'max_completion_tokens' in server.requests[0].body
    assert 'temperature' not in server.requests[0].body


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--policy', 'code'], "policy 'code' needs a vision-language model, and none is configured; "
     'give --model-url'),
    (['--policy', 'magic'], "no policy 'magic'"),
    (['--engine-server', 'http://gpu:1'], 'neither --reconstruct auto nor --segment auto'),
    (['--model', 'eyes-7b'], 'no server'), (['--model-url', 'nowhere'], 'no model server'),
    (['--model-url', 'http://127.0.0.1:9/v1', '--model', 'x', '--timeout', '3'], '127.0.0.1:9')])
def test_what_cannot_be_asked_is_one_clear_line(capsys, arguments, words):
    status, report = ask(capsys, *arguments)
    assert status == 1
    assert words in report['explanation']
    assert '\n' not in report['explanation']


def test_a_guess_counts_where_it_is_allowed(capsys):
    with ProtocolServer(['**Answer**\n0.2 m']) as server:
        flags = ['--model-url', server.url, '--model', 'x', '--policy', 'no_tool']
        assert ask(capsys, *flags)[0] == 1
        status, report = ask(capsys, *flags, '--allow-guess')
    assert (status, report['status'], report['value']) == (0, 'GUESSED', 0.2)


def test_cells_by_hand_can_ask_the_model(capsys, monkeypatch):
    import io
    with ProtocolServer(['500 500 600 700']) as server:
        monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(io.BytesIO(
            b'{"code": "print(vlm.locate(InputImages[0], \'the mug\').box)"}\n')))
        assert cli.main(['kernel', '--json', '--recording', TABLE, '--model-url', server.url,
                         '--model', 'x']) == 0
    assert json.loads(capsys.readouterr().out)['stdout'] == '(320.0, 240.0, 384.0, 336.0)\n'


def test_without_a_model_the_client_is_not_even_loaded(capsys):
    sys.modules.pop('openai', None)
    ask(capsys)
    assert 'openai' not in sys.modules


def test_a_guess_is_printed_as_one(capsys):
    with ProtocolServer(['**Answer**\nthe mustard bottle']) as server:
        cli.main(['ask', 'Which falls first?', '--recording', TABLE, '--policy', 'no_tool',
                  '--model-url', server.url, '--model', 'x'])
    assert capsys.readouterr().out.startswith('the mustard bottle   (GUESSED)')
