"""The way from a cell to its host: one request, one reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spatialclaw_ros.calls.codec import decode
from spatialclaw_ros.calls.codec import encode_into
from spatialclaw_ros.calls.failures import error_of
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Request

Call = Callable[[Callable[[memoryview], bytes]], tuple[bytes, list[int]]]


class VLMError(RuntimeError):
    """The vision-language model cannot be asked, or failed after its retries."""


class Link:
    """Sends requests and returns replies; a failure is raised as the exception it names."""

    def __init__(self, call: Call) -> None:
        """Use `call` of the kernel; see `Workshop` in the kernel's documentation."""
        self._call = call

    def ask(self, request: Request) -> Any:
        """Reply to `request`; raises the exception that the host names in a `Failed`."""
        data, fds = self._call(lambda arena: encode_into(request, arena))
        reply = decode(data, fds)
        if isinstance(reply, Failed):
            raise (VLMError(reply.message) if reply.kind == VLMError.__name__
                   else error_of(reply))
        return reply
