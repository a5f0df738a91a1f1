"""The record of a query is found again by the URI that an answer has."""

from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import read_transcript
from spatialclaw_ros.agent.transcript import Transcript


def test_a_record_in_a_folder_with_a_space_is_found_by_its_uri(tmp_path):
    transcript = Transcript(tmp_path / 'to & fro 100% ü')
    transcript.write('question', text='how far')
    [event] = read_transcript(file_of(transcript.uri))
    assert event['text'] == 'how far'
