"""
The exceptions of tf2.

TransformException
├── ConnectivityException     both frames are known, but in trees that do not meet
├── ExtrapolationException    the frames meet, but not at the time asked for
├── InvalidArgumentException  a frame's name is empty or starts with a slash
├── LookupException           a frame is not known
└── TimeoutException          an answer did not come in time
"""


class TransformException(Exception):
    """A transform cannot be given."""


class ConnectivityException(TransformException):
    """Two frames are in trees that do not meet."""


class ExtrapolationException(TransformException):
    """The time asked for is outside of what is buffered."""


class InvalidArgumentException(TransformException):
    """A frame's name can never be valid."""


class LookupException(TransformException):
    """A frame is not known."""


class TimeoutException(TransformException):
    """An answer did not come in time."""
