"""How long a call of a model engine may take."""

from __future__ import annotations

from dataclasses import dataclass

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Load

#: Loading brings gigabytes from the hub where they are not here yet.
_LOAD_SECONDS = 3600.0


@dataclass(frozen=True)
class Limit:
    """A call may take `seconds`; `advice` is for those whose call takes longer."""

    seconds: float
    advice: str


def limit_of(call: EngineCall, call_seconds: float) -> Limit:
    """The limit of `call` where calls that load nothing may take `call_seconds`."""
    if isinstance(call.request, Load) and call_seconds < _LOAD_SECONDS:
        return Limit(_LOAD_SECONDS, 'bring its weights here beforehand (`spatialclaw models` tells '
                     'how)')
    return Limit(call_seconds, 'raise engines.call_seconds (--engine-seconds) where calls may take '
                 'longer')
