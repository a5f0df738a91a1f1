"""
Stand-in for tf2_ros where no ROS distribution is installed: what this product calls, no more.

It behaves as tf2 does: linear translation and slerp between samples, no extrapolation,
`Time()` means the latest common time, static transforms are transient local, and a jump of the
clock backward flushes what was buffered. `test/contract` holds the two to the same behaviour.
"""

from .buffer import Buffer
from .buffer_core import BufferCore
from .exceptions import ConnectivityException
from .exceptions import ExtrapolationException
from .exceptions import InvalidArgumentException
from .exceptions import LookupException
from .exceptions import TimeoutException
from .exceptions import TransformException
from .static_transform_broadcaster import StaticTransformBroadcaster
from .transform_broadcaster import TransformBroadcaster
from .transform_listener import TransformListener

__standin__ = True

__all__ = [
    'Buffer',
    'BufferCore',
    'ConnectivityException',
    'ExtrapolationException',
    'InvalidArgumentException',
    'LookupException',
    'StaticTransformBroadcaster',
    'TimeoutException',
    'TransformBroadcaster',
    'TransformException',
    'TransformListener',
]
