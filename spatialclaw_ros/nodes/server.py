"""The server: a lifecycle node that keeps what cameras see and answers questions about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from concurrent import futures
import contextlib
import time
from typing import Any
from typing import Protocol

from rclpy.clock import Clock
from rclpy.clock import ClockType
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle import LifecycleState
from rclpy.lifecycle import TransitionCallbackReturn
import tf2_ros

from spatialclaw_ros.agent.progress import Progress
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.errors import SpatialError
from spatialclaw_ros.nodes.action_server import QueryServer
from spatialclaw_ros.nodes.camera_input import CameraInput
from spatialclaw_ros.nodes.described import ParameterError
from spatialclaw_ros.nodes.described import undeclared
from spatialclaw_ros.nodes.described import value_of
from spatialclaw_ros.nodes.diagnostics import Diagnostics
from spatialclaw_ros.nodes.evidence import Evidence
from spatialclaw_ros.nodes.goal import GoalDefaults
from spatialclaw_ros.nodes.means import Means
from spatialclaw_ros.nodes.means import means_of
from spatialclaw_ros.nodes.parameters import camera_settings
from spatialclaw_ros.nodes.parameters import declare_server
from spatialclaw_ros.nodes.parameters import matching
from spatialclaw_ros.nodes.parameters import up_vector
from spatialclaw_ros.nodes.publishers import Publishers
from spatialclaw_ros.nodes.query import QueryContext
from spatialclaw_ros.nodes.tf_lookup import PoseWaiter
from spatialclaw_ros.nodes.worker import Worker
from spatialclaw_ros.nodes.world import World
from spatialclaw_ros.scene import FrameWindow
from spatialclaw_ros.scene.capture import Sighting
from spatialclaw_ros.scene.frame_ring import FrameRing
from spatialclaw_ros.session.perception import Perception
from spatialclaw_ros.session.question import Question

#: How often what waits is looked at again, and how often the node reports, seconds.
_POLL, _REPORT = 0.05, 1.0
#: Longest time that the model's connections take to close, seconds.
_CLOSING = 1.0


class Answering(Protocol):
    """What stands behind the action: kernel and agent, or a double in tests."""

    def ask(self, question: Question, window: FrameWindow, means: Means,
            on_progress: Callable[[Progress], None]) -> Awaitable[Answer]:
        """Answer one question."""

    def state(self) -> dict[str, Any]:
        """What /diagnostics says of it; 'kernel alive' must be there."""


class SpatialServer(LifecycleNode):
    """Configure declares topics and the action, activate subscribes to the cameras.

    Made by `serve`, which owns the worker; nothing here blocks the executor.
    """

    def __init__(self, worker: Worker, answering: Answering, **options: Any) -> None:
        """Declare all parameters; ParameterError for one that cannot be."""
        super().__init__('spatialclaw', **options)
        declare_server(self)
        self._worker, self._answering = worker, answering
        self._inputs: list[CameraInput] = []
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._ticks: list[Any] = []
        self._queries: QueryServer | None = None
        self._means: Means | None = None

    @property
    def autostart(self) -> bool:
        """Whether the node configures and activates itself."""
        return bool(value_of(self, 'autostart'))

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make buffer, TF, topics and the action, which rejects goals until active."""
        try:
            self._settings = [camera_settings(self, name) for name in value_of(self, 'cameras')]
            means = means_of(self)
        except (ParameterError, SpatialError) as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        for name in undeclared(self):
            self.get_logger().warning(f'parameter {name} is set, and there is none of this name')
        self._ring = FrameRing(value_of(self, 'buffer.megabytes'), value_of(self, 'buffer.seconds'))
        self._tf = tf2_ros.Buffer(node=self)
        self._listener = tf2_ros.TransformListener(self._tf, self)
        fixed_frame = value_of(self, 'fixed_frame')
        self._poses = PoseWaiter(self._tf, fixed_frame, value_of(self, 'tf.wait'),
                                 value_of(self, 'tf.queue'), self._keep)
        self._topics = Publishers(self, value_of(self, 'marker_lifetime'))
        self._diagnostics = Diagnostics(self)
        world = World(self._tf, fixed_frame, up_vector(self), tuple(value_of(self, 'target_sigma')),
                      lambda: str(value_of(self, 'viewpoint')))
        self._means = means
        self._queries = self._query_server(world, means)
        self._jumps = self.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1),
                          on_clock_change=True), post_callback=lambda _: self._flush())
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the cameras and accept goals."""
        result = super().on_activate(state)
        self._inputs = [
            CameraInput(self, settings, matching(self), value_of(self, 'buffer.rate'),
                        self._poses.place, self._flush)
            for settings in self._settings]
        self._ticks = [self.create_timer(_POLL, self._poll, clock=self._steady),
                        self.create_timer(_REPORT, self._report, clock=self._steady)]
        assert self._queries is not None and self._means is not None
        self._queries.active = True
        self._worker.submit(self._load_engines(self._means.perception))
        model = self._means.model
        self.get_logger().info(
            f'active: cameras {", ".join(value_of(self, "cameras"))}; engines '
            f'{self._means.perception.choice.shown}; '
            f'{"no model" if model is None else f"model server {model.shown_url}"}; transcripts '
            f'{self._means.transcripts or "are not kept"}')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Cancel every goal, end the subscriptions, forget the frames."""
        self.stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Undo configure."""
        self._close()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End everything."""
        self.stop()
        self._close()
        return super().on_shutdown(state)

    async def _load_engines(self, perception: Perception) -> None:
        """Load what queries would else wait for, and say what cannot be."""
        began = time.monotonic()
        for state in await perception.load():
            if self._queries is None or not self._queries.active:
                return
            if state.problem:
                self.get_logger().error(f'engine {state.name} cannot run: {state.problem}')
            else:
                self.get_logger().info(f'engine {state.name} is ready after '
                                       f'{time.monotonic() - began:.1f} s: {state.checkpoint}')

    def _query_server(self, world: World, means: Means) -> QueryServer:
        cameras = tuple(value_of(self, 'cameras'))
        running = value_of(self, 'queries.running')
        evidence = Evidence(self._ring, world, cameras, lambda: '; '.join(
            camera.counts.summary() for camera in self._inputs))
        def ask(question: Question, window: FrameWindow,
                on_progress: Callable[[Progress], None]) -> Awaitable[Answer]:
            return self._answering.ask(question, window, means, on_progress)

        context = QueryContext(
            evidence, cameras, ask, self._topics, asyncio.Semaphore(running),
            value_of(self, 'marker_lifetime'), lambda: self.get_clock().now().nanoseconds,
            self.get_logger())
        return QueryServer(self, self._worker, context, self._defaults,
                           running + value_of(self, 'queries.waiting'),
                           value_of(self, 'result_timeout'))

    def _defaults(self) -> GoalDefaults:
        return GoalDefaults(*(value_of(self, name) for name in (
            'target_frame', 'policy', 'max_steps', 'timeout', 'max_wait')))

    def _keep(self, sighting: Sighting, waited: float) -> None:
        for camera in self._inputs:
            if camera.name == sighting.camera.name:
                camera.counts.posed(waited, sighting.pose_problem)
                self._ring.add(sighting)

    def _poll(self) -> None:
        for camera in self._inputs:
            camera.poll()
        self._poses.poll()

    def _report(self) -> None:
        newest = self._ring.newest()
        age = None
        if newest:
            age = (self.get_clock().now().nanoseconds - newest[-1].stamp) / 1e9
        assert self._queries is not None
        queries = {'held': self._queries.held, **self._answering.state(), **{
            f'ended {word}': count for word, count in self._queries.ended.items()}}
        self._diagnostics.publish(
            [camera.counts for camera in self._inputs], self._ring, queries, age)

    def _flush(self) -> None:
        dropped = self._ring.flush()
        self._poses.flush()
        for camera in self._inputs:
            camera.flush()
        self.get_logger().warning(f'time jumped back: {dropped} frames dropped')

    def stop(self) -> None:
        """Cancel every goal and end the subscriptions; may be called in any state."""
        if self._queries is not None:
            self._queries.active = False
            self._queries.cancel_all()
        for timer in self._ticks:
            self.destroy_timer(timer)
        for camera in self._inputs:
            camera.close()
        self._ticks, self._inputs = [], []
        if self._queries is not None:
            self._poses.flush()
            self._ring.flush()

    def _close(self) -> None:
        if self._queries is not None:
            self._queries.close()
            self._listener.unregister()
            self._jumps.unregister()
            self._topics.close()
            self._diagnostics.close()
            self._queries = None
            self.release()

    def release(self) -> None:
        """End the process of the engines and the connections of the model."""
        if self._means is not None:
            with contextlib.suppress(futures.TimeoutError):
                self._worker.run(self._means.close(), _CLOSING)
            self._means = None
