"""Whole cells in the published style, through the real nursery, kernel and codec."""

from __future__ import annotations

import asyncio

import box_world
import numpy as np
import pytest
import pytest_asyncio

from spatialclaw_ros.kernel.host import Limits
from spatialclaw_ros.kernel.host import Nursery
from spatialclaw_ros.session.question import Question
from spatialclaw_ros.session.session import Session

pytestmark = pytest.mark.asyncio(loop_scope='module')
LIMITS = Limits(sandbox='available', cell_seconds=20)


@pytest_asyncio.fixture(scope='module', loop_scope='module')
async def nursery():
    started = await Nursery.start('spatialclaw_ros.toolkit.cell')
    yield started
    await started.close()


async def opened(nursery, *, choices=(), says=(), window=None, limits=LIMITS, engines=None):
    return await Session.open(
        nursery, Question('How far is the crate from the carton?', choices),
        window or box_world.window(), engines or box_world.engines(),
        limits, model=box_world.SaysModel(*says) if says else None)


LOCATE = """
frame = InputImages[0]
text = vlm.locate(frame, 'Give the bounding box of the crate as x1 y1 x2 y2')
print(text)
coords = [float(v) for v in re.findall(r'-?[0-9.]+', text)]
box_px = tools.Geometry.normalized_to_pixel(coords, frame.width, frame.height)
crate = tools.SAM3.segment_image_by_box(frame, box_px, label='crate')
carton = tools.SAM3.segment_image_by_text(frame, 'carton', label='carton')
show(crate.visualize(crate.frame_indices[0]))
show([carton.visualize(carton.frame_indices[0])], label='carton')
"""
MEASURE = """
import numpy as np
from scipy.spatial import KDTree
recon = tools.Reconstruct.Reconstruct(InputImages)
print(recon.num_frames, recon.metric_scale, recon.frame_indices)
f = frame.frame_index
pts_a = crate.get_masked_points(recon, frame=f, object=0)
pts_b = carton.get_masked_points(recon, frame=f, object=0)
dist, _ = KDTree(pts_b).query(pts_a)
closest = dist.min()
centers = np.linalg.norm(crate.get_centroid_3d(recon, frame=f, object=0)
                         - carton.get_centroid_3d(recon, frame=f))
print(f'closest {closest:.3f} m, centers {centers:.3f} m')
bev = recon.render_bev(masks={'crate': crate, 'carton': carton}, ego_trajectory=True)
show(bev)
"""
ANSWER = """
a, b = recon.objects([crate, carton])
finding = tools.Geometry.closest_distance(a, b)
assert abs(finding.value - closest) < 0.02
ReturnAnswer(finding, evidence=[a, b])
print('never reached')
"""


async def test_locate_segment_points_kdtree_bev_answer(nursery):
    session = await opened(nursery, says=['560 240 740 710'])
    try:
        first = await session.run_cell(LOCATE)
        assert (first.status, first.error) == ('ok', '')
        assert first.stdout == '560 240 740 710\n'
        assert [call.name.split()[0] for call in first.calls] == ['vlm.locate', 'SAM3', 'SAM3']
        assert [picture.image.shape for picture in first.shown] == [(480, 640, 3)] * 2
        assert {v.name for v in first.variables} >= {'frame', 'text', 'box_px', 'crate', 'carton'}
        second = await session.run_cell(MEASURE)
        assert (second.status, second.error) == ('ok', '')
        assert '3 1.0 [10, 14, 20]' in second.stdout and 'closest 0.5' in second.stdout
        assert 'top view' in second.shown[0].label
        last = await session.run_cell(ANSWER)
        assert (last.status, last.error, last.stdout) == ('ok', '', '')
        assert last.answer.value == pytest.approx(box_world.GAP, abs=0.01)
        assert last.answer.unit == 'm'
        assert [type(e).__name__ for e in last.answer.evidence] == ['Distance', 'Found', 'Found']
        assert last.answer.evidence[last.answer.main].value == last.answer.value
        assert 'Answer:\n' in last.feedback('')
    finally:
        await session.close()


COUNTING = """
seg = tools.SAM3.segment_image_by_text(InputImages[0], prompt='chair', label='chair')
print(seg.num_objects, seg.labels)
results = []
for name in ['crate', 'carton', 'mug']:
    s = tools.SAM3.segment_video_by_text(prompts=[name], labels=[name], prompt_frame_idx=0)
    if s.num_objects > 0:
        results.append(name)
        masks = [s.get_mask(frame=i, object=0) for i in s.frame_indices]
        print(name, [int(m.sum()) for m in masks])
show([InputImages[i] for i in range(len(InputImages))])
fig, ax = plt.subplots()
ax.bar(results, [1] * len(results)); ax.set_title('found')
plt.show()
ReturnAnswer(str(len(results)))
"""
CAMERA = """
from tools import Reconstruct, SAM3
recon = Reconstruct.Reconstruct(InputImages[::2])
poses = [recon.extrinsics[i][:3, 3] for i in recon.frame_indices]
step = np.linalg.norm(poses[-1] - poses[0])
forward = recon.extrinsics[recon.frame_indices[0]][:3, 2]
toward = np.dot(poses[-1] - poses[0], forward) > 0
pts, conf = recon.points[10], recon.points.confidence[10]
good = pts[conf > 0.3]
print(f'moved {step:.2f} m', toward, good.shape[1], np.isfinite(good).all())
up = recon.gravity_direction
floor = good[good @ up < 0.01]
normal, inliers = tools.Geometry.fit_ground_plane_ransac(floor, np.ones(len(floor)))
print('tilt', round(tools.Geometry.angle_between_vectors(normal * np.sign(normal @ up), up)))
ReturnAnswer(np.float32(step))
"""


async def test_counting_with_a_missing_object_and_a_figure(nursery):
    session = await opened(nursery)
    try:
        result = await session.run_cell(COUNTING)
        assert (result.status, result.error) == ('ok', '')
        assert (result.answer.text, result.answer.value) == ('2', None)
        assert [picture.label for picture in result.shown] == [
            'frame 10 of front', 'frame 14 of front', 'frame 20 of front', 'found']
        assert "no label 'mug'" in result.stdout
    finally:
        await session.close()


async def test_camera_motion_points_and_ground(nursery):
    session = await opened(nursery)
    try:
        result = await session.run_cell(CAMERA)
        assert (result.status, result.error) == ('ok', '')
        assert 'moved 0.20 m True 3 True' in result.stdout and 'tilt 0' in result.stdout
        assert result.answer.value == pytest.approx(0.2, abs=1e-6)
    finally:
        await session.close()


async def test_an_exception_keeps_every_line_and_what_was_assigned(nursery):
    session = await opened(nursery)
    try:
        result = await session.run_cell("""
kept = 3
recon = tools.Reconstruct.Reconstruct(frame_indices=[10, 20])
bad = recon.points[14]
""")
        assert result.status == 'error' and result.error_type == 'KeyError'
        assert 'no frame 14; the nearest is 10' in result.error
        assert 'bad = recon.points[14]' in result.error
        assert (await session.run_cell('print(kept)')).stdout == '3\n'
        failed = await session.run_cell('tools.Reconstruct.Reconstruct(frame_indices=[99])')
        assert 'no frame 99' in failed.error
    finally:
        await session.close()


async def test_choices_are_refused_with_the_list_and_the_kernel_lives_on(nursery):
    session = await opened(nursery, choices=('A. left', 'B. right'))
    try:
        refused = await session.run_cell("ReturnAnswer('above')")
        assert refused.status == 'error' and refused.error_type == 'ValueError'
        assert "'A. left', 'B. right'" in refused.error and refused.answer is None
        accepted = await session.run_cell("ReturnAnswer('it is on the left side')\nx = 1")
        assert accepted.status == 'ok' and accepted.answer.text == 'A. left'
    finally:
        await session.close()


async def test_a_timeout_drops_pictures_findings_and_answer(nursery):
    limits = Limits(sandbox='available', cell_seconds=0.5)
    session = await opened(nursery, limits=limits)
    try:
        result = await session.run_cell("""
print('partial')
show(InputImages[0])
try:
    ReturnAnswer(1.0)
except BaseException:
    pass
while True:
    pass
""")
        assert result.status == 'timeout'
        assert result.stdout.startswith('partial')
        assert result.answer is None and result.shown == ()
        assert '1 pictures, the answer' in result.note
    finally:
        await session.close()


async def test_output_pictures_and_calls_stream_out_while_the_cell_runs(nursery):
    session = await opened(nursery)
    events = []
    try:
        await session.run_cell("""
print('before')
seg = tools.SAM3.segment_image_by_text(InputImages[0], 'crate')
show(seg)
""", events.append)
    finally:
        await session.close()
    kinds = [event.kind for event in events]
    assert [kind for kind in kinds if kind != 'output'] == ['call_started', 'call_ended', 'picture']
    assert ''.join(e.text for e in events if e.kind == 'output') == 'before\n'


async def test_a_cancelled_cell_leaves_its_call_to_end_unseen(nursery):
    import threading
    started, go = threading.Event(), threading.Event()

    class Slow(box_world.Depth):
        def reconstruct(self, frames):
            started.set()
            go.wait(20)
            return super().reconstruct(frames)

    session = await opened(nursery, engines=box_world.engines(Slow()))
    try:
        running = asyncio.create_task(session.run_cell('tools.Reconstruct.Reconstruct()'))
        await asyncio.to_thread(started.wait, 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    finally:
        go.set()
        await session.close()


async def test_arrays_of_a_frame_may_be_written_to_without_anybody_else_seeing_it(nursery):
    window = box_world.window()
    before = window.frames[0].image.copy()
    session = await opened(nursery, window=window)
    other = await opened(nursery, window=window)
    try:
        result = await session.run_cell("""
pixels = np.asarray(InputImages[0])
pixels[:] = 0
print(np.asarray(InputImages[0]).max(), np.shares_memory(pixels, np.asarray(InputImages[0])))
""")
        assert result.stdout == '0 True\n'
        seen = await other.run_cell('print(np.asarray(InputImages[0]).max())')
        assert int(seen.stdout) == before.max()
        assert np.array_equal(window.frames[0].image, before)
    finally:
        await session.close()
        await other.close()


async def test_no_images_at_all_still_gives_a_kernel(nursery):
    from spatialclaw_ros.scene import FrameWindow
    session = await Session.open(nursery, Question(''), FrameWindow((), 'world'),
                                 box_world.engines(), LIMITS)
    try:
        result = await session.run_cell("""
print(len(InputImages), Metadata.num_images)
tools.Reconstruct.Reconstruct()
""")
        assert result.stdout.startswith('0 0') and result.error_type == 'NoFrames'
    finally:
        await session.close()


@pytest.mark.parametrize(('code', 'seconds'), [
    ('os = np.lib._datasource.os\nos._exit(3)', None), ('while True: pass', 0.3),
    ('hold = []\nwhile True: hold.append(np.ones(1 << 24))', 20)])
async def test_a_lost_cell_takes_nothing_but_itself(nursery, code, seconds):
    """Variables, pictures and findings of earlier cells stay; those of the lost one go."""
    limits = Limits(cell_seconds=seconds or 20, memory_bytes=1 << 30)
    session = await opened(nursery, limits=limits)
    try:
        await session.run_cell('recon = tools.Reconstruct.Reconstruct()\n'
                               'd = tools.Geometry.closest_distance([0, 0, 0], [1, 0, 0])\nshow(d)')
        answered = await session.run_cell(
            'd2 = tools.Geometry.closest_distance([0, 0, 0], [2, 0, 0])\n'
            f'show(d2)\nReturnAnswer(d2)\n{code}')
        assert answered.answer is not None  # which ended the cell before it came to harm
        lost = await session.run_cell(f'recon = None\nshow(InputImages[0])\n{code}')
        assert 'all variables are as they were before it' in lost.feedback('')
        assert 'dropped with it: 1 pictures' in lost.feedback('')
        assert lost.shown == () and lost.answer is None
        after = await session.run_cell('print(recon.num_frames, d.value)')
        assert after.stdout == '3 1.0\n'
        assert len(after.findings_so_far) == 2
    finally:
        await session.close()
