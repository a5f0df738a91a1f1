"""Replies to segmentation by name, the same for every engine with a closed vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence

from spatialclaw_ros.calls.requests import Candidate
from spatialclaw_ros.calls.requests import InstanceMask
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.perception.association import same_objects
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.names import close
from spatialclaw_ros.perception.names import matching
from spatialclaw_ros.scene import Frame

#: Sightings of one prompt: per frame the masks with their scores, and why there may be none.
Sightings = tuple[list[tuple[Frame, list[tuple[Mask, float]]]], str]


def segmented_by_name(request: SegmentText, frames: Sequence[Frame], vocabulary: Sequence[str],
                      find: Callable[[str, Sequence[Frame]], Sightings], *, gated: bool
                      ) -> Segmented:
    """Answer `request`: `find(prompt, frames)` gives what matches a name of the vocabulary.

    A name that is not in the vocabulary, or not in these frames, is a reason, not an error.
    """
    masks: list[InstanceMask] = []
    reasons: list[str] = []
    candidates: list[Candidate] = []
    objects = 0
    labels = request.labels or request.prompts
    for prompt, label in zip(request.prompts, labels, strict=True):
        if not matching(prompt, vocabulary):
            candidates += [Candidate(name, score) for name, score in close(prompt, vocabulary)]
            known = ', '.join(map(repr, vocabulary)) or 'nothing'
            reasons.append(f'{prompt!r} is not known here; known: {known}')
            continue
        sightings, reason = find(prompt, frames)
        if reason:
            reasons.append(reason)
        kept = [(frame, [pair for pair in pairs if pair[1] >= request.threshold])
                for frame, pairs in sightings]
        candidates += [Candidate(prompt, score, frame.index, mask.box)
                       for frame, pairs in sightings for mask, score in pairs
                       if score < request.threshold]
        numbers = same_objects(
            [(frame, [mask for mask, _ in pairs]) for frame, pairs in kept], gated=gated)
        for (frame, pairs), ids in zip(kept, numbers, strict=True):
            masks += [mask.instance(frame.index, objects + number, label, score)
                      for (mask, score), number in zip(pairs, ids, strict=True)]
        objects += 1 + max((number for ids in numbers for number in ids), default=-1)
    return Segmented(tuple(frame.index for frame in frames), tuple(masks), '; '.join(reasons),
                     tuple(candidates))
