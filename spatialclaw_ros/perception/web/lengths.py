"""How long the reply to a call may be: what it asks for, and a margin, never all that is sent."""

from __future__ import annotations

from spatialclaw_ros.calls.requests import EngineCall
from spatialclaw_ros.calls.requests import Load
from spatialclaw_ros.calls.requests import Reconstruct

#: Bytes that a FrameGeometry has for a pixel, in four arrays of float32 and one of uint8.
_OF_GEOMETRY = 4 * 4 + 1
#: Bytes that an InstanceMask has for a pixel of its crop: the mask, and three alternatives.
_OF_MASK = 4
#: The crops of a frame's instances together are at most as large as so many whole images; a crop
#: is about as large as its object, so that hundreds of objects fit beside one another.
_MOST_IMAGES = 16
_MARGIN = 1.5
#: Bytes beside the arrays: of hundreds of instances in a frame, and of any reply.
_OF_FRAME, _LEAST = 256 << 10, 1 << 20


def most_of_reply(call: EngineCall) -> tuple[int, int]:
    """Most bytes of the head of the reply to `call`, and of the whole of it."""
    if isinstance(call.request, Load):
        return _LEAST, _LEAST
    each = _OF_GEOMETRY if isinstance(call.request, Reconstruct) else _OF_MASK * _MOST_IMAGES
    pixels = sum(frame.camera.width * frame.camera.height for frame in call.frames)
    head = _LEAST + _OF_FRAME * len(call.frames)
    return head, 2 * head + int(_MARGIN * each * pixels)
