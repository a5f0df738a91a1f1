"""The model's session over a window in which texts are followed."""

from __future__ import annotations

from typing import Any

from transformers import Sam3VideoInferenceSession


class TextSession(Sam3VideoInferenceSession):
    """Keeps what the model removes until the frame that it works on is done.

    The model propagates the mask and the score of every object, removes objects, and only then
    pairs both with the objects, by place: all after a removed one would get their neighbour's.
    """

    def __init__(self, **settings: Any) -> None:
        """Over no frames yet; `settings` are those of the model's own session."""
        super().__init__(**settings)
        self._leaving: list[tuple[int, bool]] = []

    def remove_object(self, obj_id: int, strict: bool = False) -> None:
        """Have `obj_id` removed by the next `remove_leaving`; the model calls this."""
        self._leaving.append((obj_id, strict))

    def remove_leaving(self) -> None:
        """Remove what the model removed in the frame that is done now."""
        # The model has taken it from this list already; everything else is still by place.
        self.obj_ids = [self.obj_idx_to_id(place) for place in range(self.get_obj_num())]
        for obj_id, strict in self._leaving:
            super().remove_object(obj_id, strict)
        self._leaving.clear()
