"""The way from a cell to its host: one request, one reply."""

from __future__ import annotations

import builtins
from collections.abc import Callable
import contextlib
from typing import Any

from spatialclaw_ros.calls.codec import decode
from spatialclaw_ros.calls.codec import encode_into
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.calls.requests import Request
from spatialclaw_ros.findings import errors

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
            raise exception_of(reply)
        return reply


def exception_of(failed: Failed) -> Exception:
    """The exception `failed` stands for, by its class name; RuntimeError where none has it."""
    if failed.kind == 'VLMError':
        return VLMError(failed.message)
    cls = getattr(errors, failed.kind, None) or getattr(builtins, failed.kind, None)
    if isinstance(cls, type) and issubclass(cls, Exception):
        with contextlib.suppress(TypeError):  # some take more than a message
            return cls(failed.message)
    return RuntimeError(f'{failed.kind}: {failed.message}')
