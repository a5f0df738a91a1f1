"""Errors told to another process, and raised there."""

from __future__ import annotations

import builtins
import contextlib

from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.findings import errors


def failed_of(error: Exception) -> Failed:
    """What tells `error`."""
    message = error.args[0] if isinstance(error, KeyError) and error.args else error
    return Failed(type(error).__name__, str(message))


def error_of(failed: Failed) -> Exception:
    """What `failed` tells: of the same class where that is one of findings or a builtin.

    Else a RuntimeError that names the class.
    """
    cls = getattr(errors, failed.kind, None) or getattr(builtins, failed.kind, None)
    if isinstance(cls, type) and issubclass(cls, Exception):
        with contextlib.suppress(TypeError):  # some take more than a message
            return cls(failed.message)
    return RuntimeError(f'{failed.kind}: {failed.message}')
