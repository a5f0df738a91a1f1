"""Everything that texts name, in the frames of one camera: found in each, followed between."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.sam3.instances import DUPLICATE
from spatialclaw_ros.perception.sam3.instances import Instances
from spatialclaw_ros.perception.sam3.instances import instances
from spatialclaw_ros.perception.sam3.job import Job
from spatialclaw_ros.perception.sam3.network import Network
from spatialclaw_ros.perception.sam3.outline import overlap
from spatialclaw_ros.perception.sam3.searching import apart
from spatialclaw_ros.perception.sam3.searching import EMPTY
from spatialclaw_ros.perception.sam3.searching import FLEETING
from spatialclaw_ros.perception.sam3.searching import Search
from spatialclaw_ros.perception.sam3.sessions import forget
from spatialclaw_ros.perception.sam3.sessions import new_session
from spatialclaw_ros.scene import Frame

#: The object of one direction is that of the other where their masks overlap by this much.
_SAME = 0.5


@dataclass(frozen=True, eq=False)
class _Look:
    """What the detector shows of one prompt in one frame; `masks` (found, h, w) bool of it."""

    instances: Instances
    masks: np.ndarray

    def score_of(self, mask: np.ndarray, least: float) -> float | None:
        """Score of what overlaps `mask` (h, w) bool most; None where nothing does by `least`."""
        overlaps = [overlap(mask, other) for other in self.masks]
        best = int(np.argmax(overlaps)) if overlaps else 0
        return float(self.instances.scores[best]) if max(overlaps, default=0.0) >= least else None


@dataclass(frozen=True, eq=False)
class _Sighting:
    """One object in one frame: its number in its session, and the search that found it."""

    frame: Frame
    object_id: int
    search: Search
    mask: Mask


def track(job: Job, stream: Sequence[Frame], start: int, searches: Sequence[Search]) -> None:
    """Add every instance of each prompt in `stream`, the same object under one number.

    The frames from position `start` on are taken in time order, those before it as if time ran
    backwards; what both directions show in the frame at `start` is one object.
    """
    forwards = _tracked(job, stream[start:], searches)
    numbers = {seen.object_id: job.new_object() for seen in _first_of_each(forwards)}
    _add(job, forwards, numbers)
    if not start:
        return
    backwards = _tracked(job, stream[start::-1], searches)
    begun = [seen for seen in forwards if seen.frame is stream[start]]
    others: dict[int, int] = {}
    for seen in _first_of_each(backwards):
        same = _same(seen, begun)
        others[seen.object_id] = job.new_object() if same is None else numbers[same]
    _add(job, [seen for seen in backwards if seen.frame is not stream[start]], others)


def _first_of_each(sightings: Sequence[_Sighting]) -> list[_Sighting]:
    first: dict[int, _Sighting] = {}
    for seen in sightings:
        first.setdefault(seen.object_id, seen)
    return list(first.values())


def _add(job: Job, sightings: Sequence[_Sighting], numbers: dict[int, int]) -> None:
    for seen in sightings:
        seen.search.add(job, seen.frame, numbers[seen.object_id], seen.mask)


def _same(seen: _Sighting, begun: Sequence[_Sighting]) -> int | None:
    """Number of the object among `begun` that `seen` shows too, in the same frame."""
    mask = seen.mask.full(seen.frame.image.shape[:2])
    for other in begun:
        if (other.frame is seen.frame and other.search is seen.search
                and overlap(mask, other.mask.full(mask.shape)) > _SAME):
            return other.object_id
    return None


def _tracked(job: Job, path: Sequence[Frame], searches: Sequence[Search]) -> list[_Sighting]:
    """What is seen in the frames of `path`, in this order.

    An object is dropped from all of them where the model finds, within its first frames, that
    its detections do not last, or that it is another one's.
    """
    from spatialclaw_ros.perception.sam3.text_session import TextSession
    network = job.network
    session = new_session(TextSession, network, [frame.image for frame in path])
    for search in searches:
        _prompt(session, search)
    found: list[_Sighting] = []
    removed: set[int] = set()
    with _looking(network, searches[0].threshold) as looks:
        for position, frame in enumerate(path):
            job.go_on()
            output = network.model(inference_session=session, frame_idx=position)
            session.remove_leaving()
            removed |= output.removed_obj_ids
            _score(output, session, looks, network.model.trk_assoc_iou_thresh)
            found += _sightings(frame, output, session, searches)
            for search, look in zip(searches, looks, strict=True):
                search.look(frame, look.instances)
            looks.clear()
            _forget(session, network, position)
    for seen in found:
        if seen.object_id in removed:
            seen.search.drop(seen.frame, seen.mask.score, FLEETING)
    return [seen for seen in found if seen.object_id not in removed]


def _prompt(session: Any, search: Search) -> None:
    number = session.add_prompt(search.text.prompt)
    session.prompt_input_ids[number] = search.text.ids
    session.prompt_attention_masks[number] = search.text.mask
    session.prompt_embeddings[number] = search.text.meaning


@contextmanager
def _looking(network: Network, threshold: float) -> Iterator[list[_Look]]:
    """Take out what the detector shows twice before the tracker gets it; gives what it shows.

    A detection above `threshold` upholds the track that it overlaps, or begins one, in every frame
    alike. The checkpoint's own rule asks more of what begins a track, but only while something
    else is followed: whether a thing is found would depend on what else was asked for.
    """
    duplicate = network.model.config.det_nms_thresh or DUPLICATE
    network.model.score_threshold_detection = network.model.new_det_thresh = threshold
    looks: list[_Look] = []

    def once(_: Any, __: Any, output: Any) -> None:
        detected = instances(output, threshold, duplicate)
        output.pred_logits[0, detected.repeated] = -np.inf
        shapes = output.pred_masks[0, detected.queries[:detected.found]] > 0
        looks.append(_Look(detected, shapes.cpu().numpy()))

    handle = network.detector.register_forward_hook(once)
    try:
        yield looks
    finally:
        handle.remove()


def _score(output: Any, session: Any, looks: Sequence[_Look], least: float) -> None:
    """Give each object of `output` the score of the detection that overlaps it by `least`.

    Without one it keeps the score it has. The model itself scores it in its first frame only.
    """
    for number in output.obj_id_to_mask.keys() - output.removed_obj_ids:
        mask = (output.obj_id_to_mask[number][0] > 0).cpu().numpy()
        score = looks[session.obj_id_to_prompt_id[number]].score_of(mask, least)
        if score is not None:
            session.obj_id_to_score[number] = score


def _sightings(frame: Frame, output: Any, session: Any, searches: Sequence[Search]
               ) -> list[_Sighting]:
    """Objects of `output` in `frame`, of each search the surest first.

    A score is that of the detector, in this frame or the last one in which it saw the object, or
    the tracker's probability that the object is seen in this one, whichever is lower.
    """
    hidden = output.suppressed_obj_ids | output.removed_obj_ids
    scored: dict[int, list[tuple[float, int]]] = {}
    for number in output.obj_id_to_mask:
        if number not in hidden:
            score = min(session.obj_id_to_score[number],
                        output.obj_id_to_tracker_score.get(number, 1.0))
            scored.setdefault(session.obj_id_to_prompt_id[number], []).append((score, number))
    found = []
    for prompt, pairs in scored.items():
        pairs.sort(key=lambda pair: -pair[0])
        logits = [output.obj_id_to_mask[number][0].float().cpu().numpy() for _, number in pairs]
        masks = apart(frame, logits, [score for score, _ in pairs])
        for (score, number), mask in zip(pairs, masks, strict=True):
            if mask is not None:
                found.append(_Sighting(frame, number, searches[prompt], mask))
            elif score > searches[prompt].threshold:
                searches[prompt].drop(frame, score, EMPTY)
    return found


def _forget(session: Any, network: Network, position: int) -> None:
    """Drop what the next frame does not read, the scores of past frames included."""
    forget(session, network.tracker.config, position)
    session.obj_id_to_tracker_score_frame_wise.clear()
    session.suppressed_obj_ids.clear()
