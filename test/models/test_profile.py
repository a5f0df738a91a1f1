from __future__ import annotations

from pathlib import Path

import pytest

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.models.connect import model_client
from spatialclaw_ros.models.profile import Profile
from spatialclaw_ros.models.profile import read_profile
from spatialclaw_ros.models.profile import ROLES

BUNDLED = sorted(Path('config/models').glob('*.yaml'))


@pytest.mark.parametrize('path', BUNDLED, ids=lambda path: path.stem)
def test_bundled_profiles_tell_every_role(path):
    profile = read_profile(path)
    assert set(profile.roles) == set(ROLES)
    assert profile.context_tokens >= 32768


def test_what_is_not_said_is_as_usual(tmp_path):
    path = tmp_path / 'one.yaml'
    path.write_text('model: eyes-7b\nroles:\n  writer: {temperature: null, thinking: true}\n')
    profile = read_profile(path)
    assert (profile.model, profile.context_tokens) == ('eyes-7b', Profile.context_tokens)
    assert (profile.role('writer').temperature, profile.role('writer').thinking) == (None, True)
    assert profile.role('asker').temperature == 0.6


@pytest.mark.parametrize(('text', 'words'), [
    ('modle: x', "holds 'modle'; it may hold model, roles"), ('- x', 'may hold model'),
    ('roles: {poet: {}}', "roles holds 'poet'; the roles are planner, writer"),
    ('roles: {writer: {temperature: warm}}', "roles.writer: temperature is 'warm'"),
    ('image_format: gif', "image_format is 'gif'; give png or jpeg"),
    ('context_tokens: 10', 'context_tokens is 10; give 2048 or more'),
    ('retries: true', 'retries is True'), ('a: [', 'cannot be read'),
])
def test_a_profile_that_cannot_be_says_why(tmp_path, text, words):
    path = tmp_path / 'bad.yaml'
    path.write_text(text)
    with pytest.raises(BadGoal, match=r'bad\.yaml') as caught:
        read_profile(path)
    assert words in str(caught.value)


@pytest.mark.parametrize(('given', 'words'), [
    (('', 'eyes-7b'), 'eyes-7b.*but no server'), (('', '', 'x.yaml'), 'but no server'),
    (('localhost:8000',), "'localhost:8000' is no model server"),
    (('http://here/v1', '', '/nowhere.yaml'), '/nowhere.yaml cannot be read')])
def test_what_names_no_model_says_why(given, words):
    with pytest.raises(BadGoal, match=words):
        model_client(*given)


def test_without_a_server_there_is_no_model():
    assert model_client('') is None
