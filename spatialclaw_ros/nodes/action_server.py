"""The SpatialQuery action: goals in, results out, nothing waited for in a callback."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import Future
from functools import partial
from typing import Any

from rclpy.action import ActionServer
from rclpy.action import CancelResponse
from rclpy.action import GoalResponse
from rclpy.action.server import RCLError
from rclpy.action.server import ServerGoalHandle
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

from spatialclaw_interfaces.action import SpatialQuery
from spatialclaw_ros.findings.answer import Answer
from spatialclaw_ros.findings.status import ErrorCode
from spatialclaw_ros.nodes.action_name import ACTION
from spatialclaw_ros.nodes.goal import GoalDefaults
from spatialclaw_ros.nodes.query import Query
from spatialclaw_ros.nodes.query import QueryContext
from spatialclaw_ros.nodes.results import refusal
from spatialclaw_ros.nodes.worker import Worker


class QueryServer:
    """Accepts goals while active and works on them on the worker's loop.

    A goal that cannot be queued or is malformed is accepted and at once aborted with its reason,
    since a rejection carries none. The goal's execution, in the action's sense, begins when its
    result is there, so that no thread waits for it.
    """

    def __init__(self, node: Node, worker: Worker, context: QueryContext,
                 defaults: Callable[[], GoalDefaults], most: int, result_timeout: int) -> None:
        """`most` goals are held at once, running or waiting; further ones end BUSY."""
        self._worker, self._context = worker, context
        self._defaults, self._most = defaults, most
        self._running: dict[bytes, Query] = {}
        self.active = False
        self.ended: Counter[str] = Counter()
        self._server = ActionServer(
            node, SpatialQuery, ACTION, execute_callback=_no_result,
            goal_callback=self._on_goal, handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel, result_timeout=result_timeout)

    @property
    def held(self) -> int:
        """Goals running or waiting."""
        return len(self._running)

    def cancel_all(self) -> None:
        """Cancel every goal; each ends CANCELED."""
        for query in list(self._running.values()):
            query.cancel(self._worker.loop)

    def close(self) -> None:
        """Cancel every goal and end the server."""
        self.active = False
        self.cancel_all()
        self._server.destroy()

    def _on_goal(self, _request: SpatialQuery.Goal) -> GoalResponse:
        return GoalResponse.ACCEPT if self.active else GoalResponse.REJECT

    def _on_cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        query = self._running.get(bytes(handle.goal_id.uuid))
        if query is not None:
            query.cancel(self._worker.loop)
        return CancelResponse.ACCEPT

    def _on_accepted(self, handle: ServerGoalHandle) -> None:
        query = Query(handle, self._defaults(), self._context)
        if self.held >= self._most:
            answer = Answer(ErrorCode.BUSY, message=(
                f'{self.held} goals are running or waiting, which is the most; ask again later '
                'or raise the parameter queries.waiting'))
            handle.execute(partial(self._end, query, answer, refusal(answer)))
            return
        self._running[bytes(handle.goal_id.uuid)] = query
        self._worker.submit(query.work()).add_done_callback(partial(self._on_done, query))

    def _on_done(self, query: Query, future: Future[Any]) -> None:
        """Let the executor send the result; called on the worker's thread."""
        try:
            answer, result = future.result()
        except CancelledError:
            answer = Answer(ErrorCode.CANCELED, message='the server is closing')
            result = refusal(answer)
        try:
            query.handle.execute(partial(self._end, query, answer, result))
        except (RCLError, InvalidHandle) as error:
            self._context.logger.debug(f'goal {query.goal_id} ended with its server: {error}')

    def _end(self, query: Query, answer: Answer, result: SpatialQuery.Result,
             handle: ServerGoalHandle) -> SpatialQuery.Result:
        self._running.pop(bytes(handle.goal_id.uuid), None)
        self.ended[answer.code.label] += 1
        goal: SpatialQuery.Goal = handle.request
        self._context.logger.info(
            f'goal {query.goal_id[:8]} {goal.question[:100]!r}: {told(answer)}')
        allowed = (ErrorCode.NONE, ErrorCode.GUESSED) if goal.allow_guess else (ErrorCode.NONE,)
        if answer.code in allowed:
            handle.succeed()
        elif answer.code is ErrorCode.CANCELED and handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        publishers = self._context.publishers
        if query.window is None:
            publishers.answered(query.goal_id, goal.question, answer, result.header)
        else:
            publishers.finished(query.goal_id, goal.question, answer, query.window)
        return result


def told(answer: Answer) -> str:
    """How a query ended, in one line of a log."""
    if answer.code in (ErrorCode.NONE, ErrorCode.GUESSED):
        said = f'{answer.text} {answer.unit}'.strip()
    else:
        said = ' '.join(answer.message.split())
    return f'{answer.code.label} after {answer.elapsed:.2f} s: {said[:300]}'


def _no_result(_handle: ServerGoalHandle) -> SpatialQuery.Result:
    return SpatialQuery.Result()
