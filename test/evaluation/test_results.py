"""Results on disk: what survives, and what is refused."""

from __future__ import annotations

import json

import pytest

from spatialclaw_ros.evaluation.plan import digest
from spatialclaw_ros.evaluation.plan import suites_in
from spatialclaw_ros.evaluation.results import Results
from spatialclaw_ros.findings.errors import BadGoal

TERMS = {'timeout': 300.0, 'max-steps': 12, 'regions': True}


def test_rows_are_on_disk_at_once_and_the_newest_counts(tmp_path, make_row):
    with Results(tmp_path / 'new' / 'out') as results:
        results.add(make_row(status='MODEL_ERROR', right=False))
        assert len(results.path.read_text().splitlines()) == 1
        results.add(make_row(id='q2', question='lone \udc80, two\nlines'))
        results.add(make_row())
    with Results(tmp_path / 'new' / 'out') as again:
        assert list(again.rows.values()) == [
            make_row(), make_row(id='q2', question='lone \udc80, two\nlines')]


@pytest.mark.parametrize('torn', [b'{"recording": "a", "id"', b'{}', b'\xff\x00'])
def test_a_torn_last_line_is_dropped_and_what_follows_is_whole(tmp_path, make_row, torn):
    with Results(tmp_path) as results:
        results.add(make_row())
    with results.path.open('ab') as file:
        file.write(torn)
    with Results(tmp_path) as results:
        assert list(results.rows.values()) == [make_row()]
        results.add(make_row(id='q2'))
    assert [json.loads(line)['id'] for line in results.path.read_bytes().splitlines()] == [
        'q1', 'q2']


@pytest.mark.parametrize('line', ['{"id": 1}', 'x', '[1]', 'null'])
def test_a_file_of_something_else_is_refused_by_its_line(tmp_path, make_row, line):
    with Results(tmp_path) as results:
        results.add(make_row())
    whole = results.path.read_text() + line + '\n'
    results.path.write_text(whole)
    with pytest.raises(BadGoal, match=r'results\.jsonl, line 2.*--out'):
        Results(tmp_path)
    assert results.path.read_text() == whole


def test_a_row_with_a_key_of_numbers_is_refused(tmp_path, make_row):
    with Results(tmp_path) as results:
        results.add(make_row(id=3))
    with pytest.raises(BadGoal, match=r'line 1'):
        Results(tmp_path)


def test_results_of_another_suite_are_refused(tmp_path, make_recording, make_row):
    suites = suites_in(make_recording(tmp_path / 'a', ['q1', 'q2']))
    known = digest(suites[0].questions[0])
    with Results(tmp_path / 'out') as results:
        results.add(make_row(digest=known))
        results.check(suites, TERMS)
        with pytest.raises(BadGoal, match=r'timeout 300.0, and now it is 60'):
            results.check(suites, {**TERMS, 'timeout': 60.0})
        with pytest.raises(BadGoal, match=r'another suite.*is not there'):
            results.check(suites_in(make_recording(tmp_path / 'b', ['q1'])), TERMS)
        results.add(make_row(id='q2', digest=known))
        with pytest.raises(BadGoal, match=r"another suite.*'q2'.*is another one now"):
            results.check(suites, TERMS)


def test_one_run_at_a_time(tmp_path, make_row):
    with Results(tmp_path), pytest.raises(BadGoal, match=r'another run'):
        Results(tmp_path)
    with Results(tmp_path) as results:
        results.add(make_row())


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / 'file').write_text('')
    for path in (tmp_path / 'file', tmp_path / 'file' / 'out'):
        with pytest.raises(BadGoal, match=r'--out .*file.*name a folder'):
            Results(path)
