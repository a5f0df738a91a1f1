"""When a step of set-up is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from setup_steps.interfaces import adapt_exports
from setup_steps.stamps import digest
from setup_steps.stamps import Stamp


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / 'some_msgs'
    (folder / 'msg').mkdir(parents=True)
    (folder / 'msg' / 'A.msg').write_text('int32 a')
    return folder


def test_a_stamp_is_fresh_once_written(tmp_path):
    stamp = Stamp(tmp_path / 'deep' / 'stamp', 'inputs')
    assert not stamp.fresh()
    stamp.write()
    assert stamp.fresh()
    assert not Stamp(tmp_path / 'deep' / 'stamp', 'other inputs').fresh()
    stamp.clear()
    assert not stamp.fresh()


def test_a_digest_changes_with_contents_names_and_values(source):
    before = digest([source], 'value')
    assert digest([source], 'value') == before
    assert digest([source], 'other') != before
    (source / 'msg' / 'A.msg').write_text('int32 b')
    changed = digest([source], 'value')
    assert changed != before
    (source / 'msg' / 'A.msg').rename(source / 'msg' / 'B.msg')
    assert digest([source], 'value') not in (before, changed)


def test_a_digest_does_not_depend_on_the_place(source, tmp_path):
    before = digest([source])
    moved = tmp_path / 'elsewhere' / source.name
    moved.parent.mkdir()
    source.rename(moved)
    assert digest([moved]) == before


def test_exports_without_foreign_folders_are_left_alone(tmp_path):
    file = tmp_path / 'share' / 'x' / 'cmake' / 'xExport.cmake'
    file.parent.mkdir(parents=True)
    file.write_text('INTERFACE_INCLUDE_DIRECTORIES "${_IMPORT_PREFIX}/include"')
    before = file.stat().st_mtime_ns
    adapt_exports(tmp_path)
    assert file.stat().st_mtime_ns == before


def test_foreign_folders_in_exports_become_ours(tmp_path):
    file = tmp_path / 'share' / 'x' / 'cmake' / 'xExport.cmake'
    file.parent.mkdir(parents=True)
    file.write_text(
        'A "/opt/python/cp312-cp312/include/python3.12;'
        '/opt/python/cp312-cp312/lib/python3.12/site-packages/numpy/_core/include"')
    python = tmp_path / 'bin' / 'python'
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho /python/headers\necho /numpy/headers\n')
    python.chmod(0o755)
    adapt_exports(tmp_path)
    assert file.read_text() == 'A "/python/headers;/numpy/headers"'
