"""How long a message between host, nursery and kernel may be, arrays apart, bytes."""

from __future__ import annotations

FROM_KERNEL = 1 << 20
TO_KERNEL = 64 << 20
CONTROL = 1 << 20
