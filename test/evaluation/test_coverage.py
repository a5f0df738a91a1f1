"""Honesty of error bars: the statistics, and the placements they are taken over."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spatialclaw_ros.evaluation.asked import Asked
from spatialclaw_ros.evaluation.coverage import as_markdown
from spatialclaw_ros.evaluation.coverage import honesty
from spatialclaw_ros.evaluation.coverage import placements
from spatialclaw_ros.evaluation.score import score
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.findings.uncertainty import Interval
from spatialclaw_ros.findings.uncertainty import Z95


def answers(told_sigma, true_sigma=0.002, count=200, seed=1, kind='room'):
    """Scores of normal errors reported with another sigma than they have."""
    asked = Asked(f'{kind}-1-closest', 'closest', 'How far?', 1.0, 'm', 0.03)
    for error in np.random.default_rng(seed).normal(0, true_sigma, count):
        value = 1.0 + error
        yield score(asked, Answer(
            ErrorCode.NONE, value=value, unit='m', std_dev=told_sigma,
            interval=Interval(value - Z95 * told_sigma, value + Z95 * told_sigma)))


@pytest.mark.parametrize('told_sigma, holds', [
    (0.002, True), (0.0013, False), (0.0045, False)])
def test_only_honest_error_bars_hold(told_sigma, holds):
    row = honesty('closest', list(answers(told_sigma)))
    assert row.holds is holds
    assert row.right == 1.0
    assert row.sigma_ratio == pytest.approx(told_sigma / 0.002, rel=0.25)
    assert ('fails' in as_markdown([row])) is not holds


def test_exact_error_bars_of_scenes_of_different_scale_hold():
    small, large = answers(0.0005, 0.0005, kind='tabletop'), answers(0.006, 0.006, seed=2)
    row = honesty('closest', [*small, *large])
    assert row.sigma_ratio == pytest.approx(1, abs=0.2)
    assert row.holds


def test_wide_error_bars_of_one_kind_of_scene_do_not_hide_behind_another():
    small, large = answers(0.002, 0.0005, kind='tabletop'), answers(0.006, 0.006, seed=2)
    row = honesty('closest', [*small, *large])
    assert row.sigma_ratio > 3
    assert not row.holds


def test_what_is_not_answered_is_not_right():
    asked = Asked('q', 'left_right', 'Which side?', 'left')
    row = honesty('left_right', [
        score(asked, Answer(ErrorCode.NONE, text='left')),
        score(asked, Answer(ErrorCode.NOT_VISIBLE, message='hidden'))])
    assert row.right == 0.5 and row.answered == 0.5
    assert math.isnan(row.coverage) and not row.holds


def test_placements_alternate_scenes_and_hold_exact_answers():
    pytest.importorskip('open3d')
    made = list(placements(['closest', 'position_camera'], 2, 4, views=2, width=320, height=240))
    assert [p.simulation.scene.kind for p in made] == ['room', 'tabletop']
    for placement in made:
        for probe in placement.probes:
            asked = placement.asked(probe)
            window = placement.window(probe)
            assert asked.tolerance >= 0.01
            assert len(window.frames) == (2 if probe.family == 'closest' else 1)
            assert asked.regions
        assert window.target_frame == 'camera_optical_frame'
        inside = window.world_to_target @ window.newest.camera_to_world
        np.testing.assert_allclose(inside, np.eye(4), atol=1e-9)


def test_measures_are_asked_directly():
    pytest.importorskip('open3d')
    from spatialclaw_ros.evaluation.direct import measure
    placement = next(placements(['closest'], 1, 1, views=1))
    probe = placement.probes[0]
    answer = measure(probe, placement.window(probe))
    assert answer.code is ErrorCode.NONE
    assert answer.value == pytest.approx(placement.asked(probe).expected, abs=0.08)
    assert answer.interval.low < answer.value < answer.interval.high
