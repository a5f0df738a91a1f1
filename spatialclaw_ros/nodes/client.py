"""Ask from a robot program: a plain class that hides the action client.

Usage::

    client = SpatialClient()
    reply = client.ask('How far is the mug from the edge of the table?', timeout=10.0)
    if reply.is_answered:
        print(reply.value, reply.unit, reply.interval)
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
import time
from typing import Any

from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future

from spatialclaw_interfaces.action import SpatialQuery
from spatialclaw_interfaces.msg import Region as RegionMessage
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.action_name import ACTION
from spatialclaw_ros.nodes.stamps import duration_message
from spatialclaw_ros.nodes.stamps import time_message
from spatialclaw_ros.scene import Region

#: How much longer than its own timeout a goal is waited for, seconds.
_GRACE = 10.0
#: How long a server may be out of sight while it works, seconds.
_GONE = 5.0
#: How long a goal is waited for that leaves its time to the node, seconds.
_LONGEST = 3600.0
#: How long an answer to "do you take this goal" is waited for, seconds, and how often it is asked:
#: middleware loses what is said before both ends have found each other.
_ACCEPTANCE, _TRIES = 4.0, 3


class ServerUnavailable(RuntimeError):
    """No server, or an inactive one."""


@dataclass(frozen=True, eq=False)
class Reply:
    """The result of a question; `result` is the whole message."""

    result: SpatialQuery.Result

    @property
    def code(self) -> ErrorCode:
        """How the query ended."""
        return ErrorCode(self.result.error_code)

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer that rests on geometry."""
        return self.code is ErrorCode.NONE

    @property
    def answer(self) -> str:
        """The bare word, name or number."""
        return str(self.result.answer)

    @property
    def value(self) -> float:
        """The answer as a number in `unit`; NaN where it is none."""
        return float(self.result.value)

    @property
    def unit(self) -> str:
        """Unit of `value`: m, deg, m/s or nothing; cm or mm where the question asks for them."""
        return str(self.result.unit)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of `value`."""
        return float(self.result.interval_low), float(self.result.interval_high)

    @property
    def frame(self) -> str:
        """Frame that all geometry of `result` is in."""
        return str(self.result.header.frame_id)

    @property
    def message(self) -> str:
        """What went wrong and what to do; empty when answered."""
        return str(self.result.error_msg)


class SpatialClient:
    """Asks spatial questions of a running server.

    Without a `node` it makes its own. It spins that node by itself while it waits, so a node
    given must not be spun elsewhere at the same time.
    """

    def __init__(self, node: Node | None = None, namespace: str = '') -> None:
        """Find the server; `namespace` is its own where it differs. Needs rclpy.init before."""
        self._own = node is None
        self._node = node or Node('spatial_client')
        self._client: Any = ActionClient(
            self._node, SpatialQuery, f'{namespace}/{ACTION}' if namespace else ACTION)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._handle: Any = None
        self._result: Future[Any] | None = None
        self._limit = self._ready_at = 0.0
        self.feedback: SpatialQuery.Feedback | None = None

    def wait_until_ready(self, timeout: float = 10.0) -> bool:
        """Wait at most `timeout` seconds for a server; whether there is one."""
        return self._spin_until(self._client.server_is_ready, timeout)

    def ask(self, question: str, **options: Any) -> Reply:
        """Ask and wait for the reply; options as in `send`.

        Raises TimeoutError when none comes, ServerUnavailable when the server goes away meanwhile.
        """
        self.send(question, **options)
        self._ready_at = time.monotonic()
        if not self._spin_until(lambda: self.is_done() or self._is_lost(), self._limit):
            self.cancel()
            raise TimeoutError(f'no result {self._limit:.0f} s after the question')
        if not self.is_done():
            raise ServerUnavailable('the server went away while it worked on the question; ask '
                                    'again when it runs')
        return self.reply()

    def _is_lost(self) -> bool:
        """Whether the server has not been there for a while."""
        if self._client.server_is_ready():
            self._ready_at = time.monotonic()
        return time.monotonic() - self._ready_at > _GONE

    def send(self, question: str, *, choices: Sequence[str] = (), target_frame: str = '',
             regions: Iterable[Region | RegionMessage] = (), cameras: Sequence[str] = (),
             stamp: int = 0, window: float = 0.0, not_before: int = 0, max_wait: float = 0.0,
             policy: str = '', max_steps: int = 0, timeout: float = 60.0,
             allow_guess: bool = False, want_image: bool = False) -> None:
        """Send a question and return once it is accepted; `feedback` then follows it.

        Stamps are nanoseconds, lengths of time seconds; a timeout of 0 is the node's own. A
        `Region` is taken as drawn on the newest image; for another image give the message with
        that image's header. Raises ServerUnavailable when there is no active server.
        """
        if not self.wait_until_ready():
            raise ServerUnavailable(
                f'no action server {self._client._action_name!r} within 10 s; is the server '
                'running and active, in this ROS_DOMAIN_ID and namespace?')
        goal = SpatialQuery.Goal(
            question=question, choices=list(choices), target_frame=target_frame,
            stamp=time_message(stamp), window=duration_message(window),
            not_before=time_message(not_before), max_wait=duration_message(max_wait),
            cameras=list(cameras), regions=[region_message(region) for region in regions],
            policy=policy, max_steps=int(max_steps), timeout=duration_message(timeout),
            allow_guess=allow_guess, want_image=want_image)
        self.feedback, self._result = None, None
        self._limit = (timeout or _LONGEST) + max_wait + _GRACE
        self._handle = self._sent(goal)
        if not self._handle.accepted:
            raise ServerUnavailable('the server rejects questions: it is not active')
        self._result = self._handle.get_result_async()

    def is_done(self) -> bool:
        """Whether the reply is there; lets feedback come in."""
        self._executor.spin_once(timeout_sec=0.0)
        return self._result is not None and self._result.done()

    def reply(self) -> Reply:
        """The reply of a question that is done; RuntimeError before."""
        if self._result is None or not self._result.done():
            raise RuntimeError('the question is not answered yet')
        response: Any = self._result.result()
        return Reply(response.result)

    def cancel(self, timeout: float = 5.0) -> bool:
        """Cancel the running question; whether the server agreed within `timeout` seconds."""
        if self._handle is None or self.is_done():
            return False
        cancelling = self._handle.cancel_goal_async()
        return self._spin_until(cancelling.done, timeout) and bool(
            cancelling.result().goals_canceling)

    def close(self) -> None:
        """Give everything back."""
        self._client.destroy()
        self._executor.remove_node(self._node)
        self._executor.shutdown(timeout_sec=0.5)
        if self._own:
            self._node.destroy_node()

    def _sent(self, goal: SpatialQuery.Goal) -> Any:
        """Handle of `goal`; one that is answered too late is canceled."""
        for _ in range(_TRIES):
            sending: Any = self._client.send_goal_async(goal, self._on_feedback)
            if self._spin_until(sending.done, _ACCEPTANCE):
                return sending.result()
            sending.add_done_callback(_cancel)
        raise ServerUnavailable(
            f'the server does not say within {_TRIES * _ACCEPTANCE:g} s whether it takes the '
            'question')

    def _on_feedback(self, message: Any) -> None:
        self.feedback = message.feedback

    def _spin_until(self, done: Any, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while not done():
            if time.monotonic() >= deadline or not self._node.context.ok():
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True


def _cancel(sent: Any) -> None:
    if sent.result() is not None and sent.result().accepted:
        sent.result().cancel_goal_async()


def region_message(region: Region | RegionMessage) -> RegionMessage:
    """A region on the newest image; messages are passed on."""
    if isinstance(region, RegionMessage):
        return region
    message = RegionMessage(name=region.name)
    if region.box is not None:
        message.box = [float(value) for value in region.box]
    if region.points is not None:
        message.points = [float(value) for value in region.points.reshape(-1)]
        message.point_labels = [int(label) for label in region.point_labels]
    if region.mask is not None:
        height, width = region.mask.shape
        message.mask.height, message.mask.width = int(height), int(width)
        message.mask.encoding, message.mask.step = 'mono8', int(width)
        message.mask.data = (region.mask.astype('u1') * 255).tobytes()
    return message

