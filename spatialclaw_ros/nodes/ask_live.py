"""A question asked of a running server, as `spatialclaw ask --live` reports it."""

from __future__ import annotations

import math
from typing import Any

from spatialclaw_interfaces.msg import Distance
from spatialclaw_interfaces.msg import FoundObject
from spatialclaw_ros.findings.errors import BadGoal
from spatialclaw_ros.nodes.asking import asking
from spatialclaw_ros.nodes.client import Reply
from spatialclaw_ros.nodes.client import ServerUnavailable
from spatialclaw_ros.nodes.stamps import seconds

_KINDS = {Distance.CLOSEST: 'CLOSEST', Distance.CENTROID: 'CENTROID',
          Distance.GAP_ALONG_AXIS: 'GAP_ALONG_AXIS', Distance.VERTICAL: 'VERTICAL'}


def ask_live(question: str, namespace: str, **options: Any) -> dict[str, Any]:
    """Ask the server of `namespace`; `options` are those of SpatialClient.ask.

    The report has the keys of `spatialclaw ask --json`. Raises BadGoal without a server. Ctrl-C
    cancels the goal.
    """
    try:
        with asking(namespace=namespace) as client:
            try:
                return report_of(client.ask(question, **options))
            except KeyboardInterrupt:
                client.cancel()
                raise
    except ServerUnavailable as error:
        raise BadGoal(str(error)) from error


def report_of(reply: Reply) -> dict[str, Any]:
    """The reply as plain JSON values; what is no finite number is None."""
    result = reply.result
    is_number = math.isfinite(reply.value)
    interval = [_number(bound) for bound in reply.interval]
    return {
        'status': reply.code.label,
        'answer': reply.value if is_number else (reply.answer or None),
        'explanation': result.explanation or result.error_msg,
        'value': _number(reply.value),
        'unit': reply.unit or None,
        'std_dev': _number(result.std_dev),
        'interval': None if None in interval else interval,
        'position': None if None in (place := _point(result.position)) else place,
        'frame': result.position_frame or reply.frame or None,
        'distances': [_distance(distance) for distance in result.distances],
        'objects': [_object(found) for found in result.objects],
        'candidates': list(result.candidates),
        'policy': None,  # the result of the action does not tell
        'steps': int(result.steps),
        'tool_calls': int(result.tool_calls),
        'tokens': int(result.prompt_tokens + result.completion_tokens),
        'elapsed': round(seconds(result.elapsed), 3),
        'cost_seconds': {part: round(
            getattr(result, f'{part}_share') * seconds(result.elapsed), 3)
            for part in ('model', 'kernel', 'perception')},
        'transcript': result.transcript or None,
        'sandbox': result.sandbox or None,
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _point(point: Any) -> list[float | None]:
    return [_number(point.x), _number(point.y), _number(point.z)]


def _distance(distance: Distance) -> dict[str, Any]:
    return {
        'type': 'Distance', 'kind': _KINDS[distance.kind], 'from_name': distance.from_name,
        'to_name': distance.to_name, 'from_point': _point(distance.from_point),
        'to_point': _point(distance.to_point), 'value': _number(distance.value),
        'std_dev': _number(distance.std_dev),
        'interval': [_number(distance.interval_low), _number(distance.interval_high)]}


def _object(found: FoundObject) -> dict[str, Any]:
    return {
        'type': 'Found', 'name': found.name, 'center': _point(found.bbox.center.position),
        'size': _point(found.bbox.size), 'size_sigma': _point(found.size_std_dev),
        'visible_fraction': _number(found.visible_fraction), 'truncated': found.truncated,
        'cameras': list(found.cameras), 'score': _number(found.score)}
