"""The record of a query is found by the URI of its answer, and read as it was written."""

from pathlib import Path

import pytest
import records

from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.agent.transcript import Transcript
from spatialclaw_ros.agent.transcript import UnreadableRecord


def test_a_record_in_a_folder_with_a_space_is_found_by_its_uri(tmp_path):
    transcript = Transcript(tmp_path / 'to & fro 100% ü')
    transcript.write('question', text='how far')
    [event] = read_transcript(file_of(transcript.uri))
    assert event['text'] == 'how far'


def test_a_plain_path_is_itself_whatever_it_holds(tmp_path):
    assert file_of('/a/b%20c#d?e') == Path('/a/b%20c#d?e')
    folder = tmp_path / 'a b'
    assert file_of(folder.as_uri()) == folder


def test_a_torn_last_line_is_left_out_and_a_whole_one_is_not(tmp_path):
    records.write(tmp_path, records.QUESTION, torn='{"event": "ste')
    assert [e['event'] for e in read_transcript(tmp_path)] == ['question']
    records.write(tmp_path, records.QUESTION, torn='{"event": "plan"}')
    assert [e['event'] for e in read_transcript(tmp_path)] == ['question', 'plan']


@pytest.mark.parametrize('line', [
    'not json', '5', '{"t": 1}', '{"event": 3}', '[' * 100_000, '\x00\x00'])
def test_a_line_that_is_no_event_is_named(tmp_path, line):
    records.write(tmp_path, records.QUESTION, torn=f'{line}\n')
    with pytest.raises(UnreadableRecord, match=r'transcript\.jsonl: line 2 is no event'):
        read_transcript(tmp_path)


def test_a_record_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnreadableRecord, match='nowhere: no transcript can be read'):
        read_transcript(tmp_path / 'nowhere')


def test_text_that_no_file_can_hold_does_not_end_the_record(tmp_path):
    transcript = Transcript(tmp_path)
    transcript.write('question', text='how far \udc80?')
    transcript.write('plan', text='measure')
    said = read_transcript(transcript.path)
    assert said[0]['text'] == 'how far \udc80?' and said[1]['text'] == 'measure'
