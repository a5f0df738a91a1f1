"""Which frames answer a goal, waiting for them where the goal allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
import time

from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.findings.errors import NoFrames
from spatialclaw_ros.findings.errors import NoTransform
from spatialclaw_ros.findings.errors import Stale
from spatialclaw_ros.nodes.goal import FrameRequest
from spatialclaw_ros.nodes.goal import GivenRegion
from spatialclaw_ros.nodes.world import World
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene.capture import Capture
from spatialclaw_ros.scene.frame_ring import FrameRing

#: How often a waiting goal looks again, seconds.
_LOOK_AGAIN = 0.02
#: How long the newest image may take to come with its labels and detections, seconds.
_WHOLE_WAIT = 1.0


class Evidence:
    """Chooses the frames of a goal from the ring and puts them in one world."""

    def __init__(self, ring: FrameRing, world: World, cameras: Sequence[str],
                 report: Callable[[], str]) -> None:
        """`report` says in one line what became of the images received."""
        self._ring, self._world = ring, world
        self._cameras, self._report = tuple(cameras), report

    async def window(self, request: FrameRequest) -> FrameWindow:
        """Frames, regions, target frame and viewpoint of a goal, all frozen.

        Raises NoFrames, NoTransform, Stale or BadGoal, each naming what is missing.
        """
        deadline = time.monotonic() + request.max_wait
        captures = await self._captures(request, deadline)
        frames = await asyncio.to_thread(self._frames, captures, request.regions)
        while True:
            try:
                return self._world.window(frames, request.target_frame)
            except NoTransform:
                if time.monotonic() >= deadline:
                    raise
            await asyncio.sleep(_LOOK_AGAIN)

    async def _captures(self, request: FrameRequest, deadline: float) -> list[Capture]:
        drawn_on = await self._drawn_on(request.regions, deadline)
        if drawn_on and not (request.stamp or request.window or request.not_before):
            captures = sorted(drawn_on, key=lambda capture: (capture.stamp, capture.index))
            self._check_posed(captures)
            return captures
        whole_by = min(deadline, time.monotonic() + _WHOLE_WAIT)
        while True:
            captures = self._look(request)
            try:
                self._check_complete(captures, request)
                if request.stamp or request.window or time.monotonic() >= whole_by or all(
                        capture.is_whole for capture in captures):
                    break
            except (NoFrames, NoTransform):
                if time.monotonic() >= deadline or self._is_past(request):
                    if captures:
                        self._check_posed(captures)
                        break
                    raise
            await asyncio.sleep(_LOOK_AGAIN)
        known = {capture.index for capture in captures}
        posed = self._posed(captures)
        return posed + [capture for capture in drawn_on if capture.index not in known]

    def _look(self, request: FrameRequest) -> list[Capture]:
        upper = request.stamp or None
        lower = request.not_before or None
        if not request.window:
            return self._ring.newest_whole(request.cameras, upper, lower)
        newest = self._ring.newest(request.cameras, upper, lower)
        if not newest:
            return []
        since = (upper or newest[-1].stamp) - request.window - 1
        return self._ring.between(max(since, lower or since), upper, request.cameras)

    def _is_past(self, request: FrameRequest) -> bool:
        newest = self._ring.newest(request.cameras)
        return bool(request.stamp and newest and newest[-1].stamp > request.stamp)

    def _check_complete(self, captures: Sequence[Capture], request: FrameRequest) -> None:
        wanted = set(request.cameras or self._cameras) if request.not_before else set()
        seen = {capture.camera.name for capture in captures}
        if not captures or wanted - seen:
            raise NoFrames(
                f'no frame {_span(request)}after waiting {request.max_wait:g} s. {self._report()}')
        self._check_posed(captures)

    def _check_posed(self, captures: Sequence[Capture]) -> None:
        posed = {capture.camera.name for capture in self._posed(captures)}
        for capture in reversed(captures):
            if capture.camera.name not in posed:
                raise NoTransform(capture.pose_problem)

    def _posed(self, captures: Sequence[Capture]) -> list[Capture]:
        return [capture for capture in captures if not capture.pose_problem]

    async def _drawn_on(self, regions: Sequence[GivenRegion], deadline: float) -> list[Capture]:
        """The images that regions were drawn on; one that is on its way is waited for."""
        found = {}
        for given in regions:
            while given.stamp:
                try:
                    capture = self._find(given)
                except Stale:
                    newest = self._ring.newest()
                    is_past = bool(newest) and newest[0].stamp > given.stamp
                    if is_past or time.monotonic() >= deadline:
                        raise
                    await asyncio.sleep(_LOOK_AGAIN)
                else:
                    found[capture.index] = capture
                    break
        return list(found.values())

    def _find(self, given: GivenRegion) -> Capture:
        held = self._ring.between(None, None, (given.camera,) if given.camera else ())
        matching = [capture for capture in held if capture.stamp == given.stamp and (
            not given.frame_id or capture.camera.frame_id == given.frame_id)]
        if len(matching) > 1:
            raise BadGoal(
                f'region {given.region.name!r}: several cameras have an image of its stamp; '
                f'name one of {", ".join(capture.camera.name for capture in matching)}')
        if not matching:
            oldest = f'; the oldest held is of {held[0].stamp / 1e9:.3f} s' if held else ''
            raise Stale(
                f'region {given.region.name!r} was drawn on the image of '
                f'{given.stamp / 1e9:.3f} s, which is not held (any more){oldest}')
        return matching[0]

    def _frames(self, captures: Sequence[Capture],
                regions: Sequence[GivenRegion]) -> tuple[Frame, ...]:
        frames, problems = [], []
        for capture in captures:
            try:
                frames.append(self._ring.frame(capture))
            except ValueError as error:
                problems.append(f'camera {capture.camera.name!r}: {error}')
        if not frames:
            raise NoFrames('; '.join(problems))
        for given in regions:
            frames = _drawn(frames, given)
        return tuple(sorted(frames, key=lambda frame: (frame.stamp, frame.index)))


def _drawn(frames: list[Frame], given: GivenRegion) -> list[Frame]:
    """`frames` with one region put on the frame it belongs to."""
    among = [frame for frame in frames
             if (not given.camera or frame.camera.name == given.camera)
             and (not given.frame_id or frame.camera.frame_id == given.frame_id)
             and (not given.stamp or frame.stamp == given.stamp)]
    if not among:
        raise BadGoal(
            f'region {given.region.name!r}: the goal uses no frame of camera '
            f'{given.camera or given.frame_id!r}')
    on = max(among, key=lambda frame: (frame.stamp, frame.index))
    try:
        given.region.check_inside(on.camera.width, on.camera.height)
    except ValueError as error:
        raise BadGoal(str(error)) from error
    region = replace(given.region, frame=on.index)
    return [replace(frame, regions=(*frame.regions, region)) if frame is on else frame
            for frame in frames]


def _span(request: FrameRequest) -> str:
    words = ''
    if request.stamp:
        words += f'up to {request.stamp / 1e9:.3f} s '
    if request.window:
        words += f'within {request.window / 1e9:g} s '
    if request.not_before:
        words += f'after {request.not_before / 1e9:.3f} s '
    return words

