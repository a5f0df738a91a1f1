"""What can go wrong between the two ends of a channel."""

from __future__ import annotations


class ChannelError(RuntimeError):
    """A frame that is too long, cut off, or cannot be what it claims to be."""


class ChannelGone(ChannelError):
    """Nothing can be sent: the other end has gone."""
