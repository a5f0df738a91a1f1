"""What can go wrong between a host and its kernels.

KernelError
├── NurseryDied      the process that forks kernels is gone: start another
├── OpeningFailed    a kernel could not be forked or could not open its workshop
│   └── SandboxUnavailable   a wall that the policy asks for cannot be raised on this system
└── KernelBusy       a second cell was run while one was running, or after close
"""

from __future__ import annotations


class KernelError(RuntimeError):
    """Anything of the kernel that is not the fault of a cell."""


class NurseryDied(KernelError):
    """The nursery is gone, and its kernels with it; the message shows its stderr."""


class OpeningFailed(KernelError):
    """A kernel could not be forked, walled in or opened; the message says why."""


class SandboxUnavailable(OpeningFailed):
    """A wall that the policy asks for cannot be raised; the message says what would help."""


class KernelBusy(KernelError):
    """The kernel runs a cell already, or was closed."""
