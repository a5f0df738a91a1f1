"""The real loading and inference, on random weights, without a connection."""

from __future__ import annotations

from dataclasses import replace
import io
import sys

import numpy as np
import pytest
import tiny_depth_anything

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import NETWORK
from spatialclaw_ros.calls.requests import Reconstruct
from spatialclaw_ros.calls.requests import UNKNOWN
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import NotVisible
from spatialclaw_ros.findings.errors import Unanswerable
from spatialclaw_ros.geometry.resizing import within
from spatialclaw_ros.perception.depth_anything.checkpoint import built
from spatialclaw_ros.perception.depth_anything.engine import DepthAnything
from spatialclaw_ros.perception.engine import CallCancelled
from spatialclaw_ros.perception.engine import EngineSettings

from .rooms import camera
from .rooms import Room
from .rooms import way

UP = np.array([0.0, 0.0, 1.0])
ROOM = Room.drawn(1)


@pytest.fixture(scope='session')
def settings(tiny):
    return EngineSettings(device='cpu', offline=True, edge=112, views=4,
                          depth_anything=str(tiny['several']),
                          depth_anything_metric=str(tiny['metric']))


@pytest.fixture(scope='session')
def engine(settings):
    return DepthAnything(settings)


def frames_of(count, **more):
    return [ROOM.frame(i, pose, **more) for i, pose in enumerate(way('arc', count))]


def asked(frames, up=UP):
    return EngineCall('depth_anything_3', Reconstruct(tuple(f.index for f in frames)),
                      tuple(frames), up)


def never():
    return False


@pytest.mark.parametrize('count', [1, 2, 4, 6])
@pytest.mark.parametrize('posed', [True, False])
def test_frames_are_answered_on_their_own_pixels(engine, count, posed):
    frames = frames_of(count, posed=posed, sensor=True)
    reply = engine.answer(asked(frames, UP if posed else None), never)
    assert [geometry.frame for geometry in reply.frames] == list(range(count))
    for geometry in reply.frames:
        for values in (geometry.depth, geometry.sigma, geometry.confidence):
            assert values.shape == (120, 160)
            assert values.dtype == np.float32
        assert (geometry.depth[np.isfinite(geometry.depth)] > 0).all()
        assert (geometry.source_map == NETWORK).all()
        assert geometry.bias.dtype == np.float32
        assert ((geometry.confidence >= 0) & (geometry.confidence <= 1)).all()
        assert (geometry.camera_to_world is None) == posed
    assert reply.source.startswith('depth_anything_3 (')


@pytest.mark.parametrize('count', [1, 2, 4])
def test_the_networks_own_word_is_on_sensor_pixels(engine, count):
    frames = frames_of(count)
    said = engine.predict(frames, never)
    assert [depth.shape for depth in said.depth] == [(120, 160)] * count
    assert said.is_metric == (count == 1)
    if count == 1:
        assert said.camera_to_world is None
    else:
        rotation = said.camera_to_world[:, :3, :3]
        np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1),
                                   np.broadcast_to(np.eye(3), rotation.shape), atol=1e-6)


def test_the_network_is_given_and_taken_in_its_own_conventions(engine, tiny):
    import torch
    frames = frames_of(3, posed=False)
    resizing = within((160, 120), 112, 14)
    pixels = np.stack([resizing.image(frame.image) for frame in frames]) / 255
    pixels = (pixels - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    images = torch.from_numpy(pixels.transpose(0, 3, 1, 2)).float()
    with torch.inference_mode():
        several = built(tiny['several']).net(images[None], export_feat_layers=[])
        alone = built(tiny['metric']).net(images[None, :1], export_feat_layers=[])
    said, metres = engine.predict(frames, never), engine.predict(frames[:1], never)
    world_to_camera = np.linalg.inv(said.camera_to_world)[:, :3]
    np.testing.assert_allclose(world_to_camera, several.extrinsics[0].numpy(), atol=1e-4)
    assert np.median(said.depth[1]) == pytest.approx(float(several.depth[0, 1].median()), rel=0.01)
    focal = resizing.matrix(frames[0].camera.matrix)[[0, 1], [0, 1]].mean()
    assert np.median(metres.depth[0]) == pytest.approx(
        float(alone.depth.median()) * focal / 300, rel=0.01)


def test_metric_depth_grows_with_the_cameras_focal_length(engine):
    short, long = (ROOM.frame(0, way('arc', 1)[0], view=camera(focal=f)) for f in (0.6, 1.2))
    long = replace(long, image=short.image)
    a, b = (engine.predict([frame], never).depth[0] for frame in (short, long))
    np.testing.assert_allclose(b, 2 * a, rtol=1e-4)
    network_focal = 0.6 * 112
    bare = replace(short, camera=camera(focal=0.6 * 300 / network_focal))
    np.testing.assert_allclose(engine.predict([bare], never).depth[0],
                               a * 300 / network_focal, rtol=1e-4)


def test_frames_of_different_sizes_keep_theirs(engine):
    sizes = [(160, 120), (97, 211), (640, 360)]
    frames = [ROOM.frame(i, pose, sensor=True, view=camera(size))
              for i, (pose, size) in enumerate(zip(way('arc', 3), sizes, strict=True))]
    reply = engine.answer(asked(frames), never)
    assert [g.depth.shape[::-1] for g in reply.frames] == sizes


def test_poses_that_are_told_change_what_the_network_says(engine):
    posed, unposed = (engine.predict(frames_of(4, posed=p), never) for p in (True, False))
    assert np.abs(posed.depth[1] / unposed.depth[1] - 1).max() > 1e-4


def test_a_nested_checkpoint_tells_metres_itself(settings, tiny):
    engine = DepthAnything(replace(settings, depth_anything=str(tiny['nested'])))
    frames = frames_of(2, posed=False)
    assert engine.predict(frames, never).is_metric
    reply = engine.answer(asked(frames, None), never)
    assert "the network's own metres" in reply.source
    assert reply.metric_scale == 1.0


def test_a_nested_checkpoints_metres_are_of_the_cameras_focal_length(settings, tiny):
    engine = DepthAnything(replace(settings, depth_anything=str(tiny['nested'])))
    short, long = ([replace(frame, camera=camera(focal=focal))
                    for frame in frames_of(2, posed=False)] for focal in (0.6, 1.2))
    a, b = (engine.predict(frames, never) for frames in (short, long))
    np.testing.assert_allclose(b.depth[0], 2 * a.depth[0], rtol=1e-4)
    moved = [np.linalg.norm(np.ptp(said.camera_to_world[:, :3, 3], axis=0)) for said in (a, b)]
    assert moved[1] == pytest.approx(2 * moved[0], rel=1e-4)


def test_sky_has_no_depth(settings, tmp_path):
    folder = tiny_depth_anything.metric(tmp_path, sky=1.0)
    engine = DepthAnything(replace(settings, depth_anything_metric=str(folder)))
    geometry = engine.answer(asked(frames_of(1, posed=False), None), never).frames[0]
    assert np.isnan(geometry.depth).all()
    assert (geometry.source_map == UNKNOWN).all()
    assert not geometry.confidence.any()


@pytest.fixture
def nested(settings, tiny):
    """An engine of a nested checkpoint, loaded, and its network."""
    engine = DepthAnything(replace(settings, depth_anything=str(tiny['nested'])))
    return engine, engine._predictor._network(str(tiny['nested']))._net


def sky_above(rows):
    """A hook on the metric branch of a nested network: these rows are sky."""
    def hook(_module, _images, output):
        output['sky'][..., :rows, :] = 1.0
    return hook


def test_the_sky_of_a_nested_checkpoint_has_no_depth_either(nested):
    engine, net = nested
    net.da3_metric.register_forward_hook(sky_above(42))
    reply = engine.answer(asked(frames_of(2, posed=False), None), never)
    for geometry in reply.frames:
        assert np.isnan(geometry.depth[:56]).all()
        assert (geometry.source_map[:56] == UNKNOWN).all()
        assert np.isfinite(geometry.depth[65:]).all()


def test_a_nested_checkpoint_that_sees_only_sky_says_so_and_other_failures_are_not_sky(nested):
    engine, net = nested
    hook = net.da3_metric.register_forward_hook(sky_above(112))
    with pytest.raises(NotVisible, match='nothing but sky'):
        engine.predict(frames_of(2, posed=False), never)
    hook.remove()

    def broken(*_args):
        raise AssertionError('another one')

    net.da3.register_forward_hook(broken)
    with pytest.raises(AssertionError, match='another one'):
        engine.predict(frames_of(2, posed=False), never)


@pytest.mark.parametrize('count', [1, 2])
def test_a_network_that_computes_no_numbers_is_not_taken_for_one_that_sees_sky(settings, count):
    import torch
    engine = DepthAnything(settings)
    engine.load()
    for network in engine._predictor._networks.values():
        with torch.no_grad():
            next(weight for name, weight in network._net.named_parameters()
                 if name.startswith('head') and weight.dim() > 1).fill_(torch.nan)
    with pytest.raises(Unanswerable, match='NaN or infinity: its precision'):
        engine.answer(asked(frames_of(count, posed=False), None), never)


def test_a_network_that_is_not_metric_by_its_name_makes_up_no_metres(settings, tmp_path):
    folder = tiny_depth_anything.metric(tmp_path, model_name='da3mono-large')
    engine = DepthAnything(replace(settings, depth_anything_metric=str(folder)))
    assert not engine.predict(frames_of(1), never).is_metric
    with pytest.raises(Unanswerable, match='unknown scale'):
        engine.answer(asked(frames_of(1, posed=False), None), never)
    reply = engine.answer(asked(frames_of(1, sensor=True)), never)
    assert 'sensor depth' in reply.source


def test_a_network_of_single_views_answers_several_frames_each_by_itself(settings, tiny):
    engine = DepthAnything(replace(settings, depth_anything=str(tiny['metric'])))
    reply = engine.answer(asked(frames_of(3, posed=False), None), never)
    assert [g.camera_to_world is None for g in reply.frames] == [True, True, False]


def test_state_is_told_without_loading_and_what_failed_is_remembered(settings, tmp_path):
    engine = DepthAnything(replace(settings, depth_anything_metric=str(tmp_path)))
    state = engine.state()
    assert (state.name, state.is_loaded, state.problem) == ('depth_anything_3', False, '')
    assert np.isnan(state.seconds)
    assert str(tmp_path) in state.checkpoint
    with pytest.raises(Unanswerable, match=str(tmp_path)):
        engine.answer(asked(frames_of(1)), never)
    assert str(tmp_path) in engine.state().problem
    engine.answer(asked(frames_of(2, sensor=True)), never)
    assert engine.state().is_loaded
    assert engine.state().problem == ''
    assert engine.state().seconds > 0


def test_loading_and_running_print_nothing(settings, monkeypatch):
    from depth_anything_3.utils.logger import logger
    monkeypatch.setattr(logger, 'level', 2)
    monkeypatch.setattr(sys, 'stdout', told := io.StringIO())
    DepthAnything(settings).predict(frames_of(3), never)
    assert told.getvalue() == ''


def test_a_call_that_nobody_waits_for_ends(engine):
    with pytest.raises(CallCancelled):
        engine.answer(asked(frames_of(5, holes=0.1)), lambda: True)


def test_no_frames(engine):
    with pytest.raises(NoFrames):
        engine.predict([], never)
    with pytest.raises(NoFrames):
        engine.answer(asked([]), never)


def test_too_little_memory_is_told_with_what_to_lower(engine, monkeypatch):
    from spatialclaw_ros.perception.depth_anything import network

    def spent(*_args, **_kwargs):
        raise RuntimeError('CUDA out of memory. Tried to allocate 2.00 GiB')

    frames = frames_of(2, sensor=True, holes=0.2)
    monkeypatch.setattr(network.Network, '_tensor', spent)
    with pytest.raises(Unanswerable, match=r'out of memory.*edge or views'):
        engine.answer(asked(frames), never)
