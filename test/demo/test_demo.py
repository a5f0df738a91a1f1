"""The demo as a user runs it: every answer right, pictures written, nothing left running."""

from pathlib import Path
import subprocess
import sys

from PIL import Image
import psutil
import pytest

from spatialclaw_ros.demo.report import is_right
from spatialclaw_ros.demo.report import Report


def test_the_demo_answers_everything_and_ends_by_itself(tmp_path):
    out = tmp_path / 'a folder of its own'
    done = subprocess.run(
        [str(Path(sys.executable).with_name('spatialclaw')), 'demo', '--out', str(out)],
        capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '9 of 9 answers right' in done.stdout
    assert done.stdout.count('\nQ  ') == 9
    assert 'A scripted session' in done.stdout
    for name in ('annotated.jpg', 'top_view.png'):
        assert min(Image.open(out / name).size) > 200
    running = [p.info['cmdline'] or [] for p in psutil.process_iter(['cmdline'])]  # None: a zombie
    assert not [words for words in running if str(tmp_path) in ' '.join(words)]


@pytest.mark.parametrize(('answer', 'truth', 'tolerance', 'right'), [
    ({'status': 'ANSWERED', 'value': 1.02, 'answer': 1.02}, 1.0, 0.02, True),
    ({'status': 'ANSWERED', 'value': 1.03, 'answer': 1.03}, 1.0, 0.02, False),
    ({'status': 'ANSWERED', 'value': None, 'answer': 'left'}, 'left', None, True),
    ({'status': 'ANSWERED', 'value': None, 'answer': 'right'}, 'left', None, False),
    ({'status': 'AMBIGUOUS', 'value': None, 'answer': 'left'}, 'left', None, False),
    ({'status': 'ANSWERED', 'value': None, 'answer': '', 'position': [1, 2, 3]}, [1, 2, 3.5], 0.6,
     True),
    ({'status': 'ANSWERED', 'value': None, 'answer': '', 'position': None}, [1, 2, 3], 0.6, False),
])
def test_a_miss_is_a_miss(answer, truth, tolerance, right):
    assert is_right(answer, truth, tolerance) is right


def test_the_report_counts_what_missed(capsys):
    report = Report()
    report.question('How far?')
    report.answer({'status': 'ANSWERED', 'answer': 2.0, 'value': 2.0, 'unit': 'm', 'position': None,
                   'interval': [1.9, 2.1], 'explanation': ''}, 1.0, 0.1, 'm')
    assert len(report.missed) == 1
    assert 'MISSED' in capsys.readouterr().out
