"""Objects that boxes, points or masks on one frame point at, followed through its camera's."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import numpy as np

from spatialclaw_ros.perception.masks import as_given
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.perception.sam3.job import Job
from spatialclaw_ros.perception.sam3.job import nearest
from spatialclaw_ros.perception.sam3.network import Network
from spatialclaw_ros.perception.sam3.outline import outlined
from spatialclaw_ros.perception.sam3.sessions import forget
from spatialclaw_ros.perception.sam3.sessions import new_session
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region


def point(job: Job, frame: Frame, regions: Sequence[Region], *, follow: bool = True) -> None:
    """Add the object of each of `regions`, drawn on `frame`, an object number each.

    With `follow` it is added in all frames of the same camera. The masks found on `frame` are
    what is followed: forwards, and backwards as if time ran that way.
    """
    seeds = _seeds(job, frame, regions)
    for number, region, mask in seeds:
        job.add(frame, number, region.name, mask, region.score)
    if not follow:
        return
    stream = next(stream for stream in job.streams if frame in stream)
    start = nearest(stream, frame)
    for path in (stream[start:], stream[start::-1]):
        if seeds and len(path) > 1:
            _follow(job, path, seeds)


def _seeds(job: Job, frame: Frame, regions: Sequence[Region]) -> list[tuple[int, Region, Mask]]:
    """The objects of `regions` that there are: number, region and mask; why not is told."""
    network, seeds = job.network, []
    view = (network.tracker_view(network.features.of(frame.image))
            if any(region.mask is None for region in regions) else {})
    for region in regions:
        job.go_on()
        mask, reason = _mask_at(network, view, frame, region)
        if mask is None:
            job.reasons.append(reason)
        else:
            seeds.append((job.new_object(), region, mask))
    return seeds


def _mask_at(network: Network, view: dict[str, Any], frame: Frame, region: Region
             ) -> tuple[Mask | None, str]:
    """The mask at `region` of `frame`, its score the overlap that is expected; or why none.

    `view` is the tracker's of the frame.
    """
    if region.mask is not None:
        return as_given(region.mask), ''
    sensor = (frame.camera.width, frame.camera.height)
    drawn = network.draw(view, region, sensor)
    mask = outlined(drawn.logits, sensor, drawn.overlap, drawn.others)
    if mask is not None:
        return mask, ''
    where = f'the box {region.box}' if region.box else f'the points {region.points}'
    return None, (f'{region.name!r} in frame {frame.index}: the network draws nothing at {where} '
                  f'(it expects an overlap of {drawn.overlap:.2f})')


def _follow(job: Job, path: Sequence[Frame], seeds: Sequence[tuple[int, Region, Mask]]) -> None:
    """Add the objects of `seeds`, known in the first frame of `path`, in the others."""
    start = path[0]
    masks = [mask.full(start.image.shape[:2]) for _, _, mask in seeds]
    steps = followed(job, [frame.image for frame in path], masks)
    for frame, (logits, presence) in zip(path[1:], steps, strict=True):
        sensor = (frame.camera.width, frame.camera.height)
        for k, (number, region, seed) in enumerate(seeds):
            mask = outlined(logits[k], sensor, seed.score * float(presence[k]))
            if mask is not None:
                job.add(frame, number, region.name, mask, region.score)


def followed(job: Job, images: Sequence[np.ndarray], masks: Sequence[np.ndarray]
             ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Where the objects of `masks` (H, W) bool, seen in the first of `images`, are in the others.

    Yields for each further image logits (K, h, w) float32 of the whole image and the probability
    (K,) that the object is seen. One image's features are held at a time.
    """
    from transformers import Sam3TrackerVideoInferenceSession
    network = job.network
    session = new_session(Sam3TrackerVideoInferenceSession, network, images)
    for number, mask in enumerate(masks):
        session.add_mask_inputs(session.obj_id_to_idx(number), 0, network.mask_input(mask))
    session.obj_with_new_inputs = list(range(len(masks)))
    for position, image in enumerate(images):
        job.go_on()
        session.cache.cache_vision_features(
            position, network.tracker_view(network.features.of(image, keep=False)))
        output = network.tracker(inference_session=session, frame_idx=position)
        forget(session, network.tracker.config, position)
        if position:
            yield (output.pred_masks[:, 0].float().cpu().numpy(),
                   output.object_score_logits[:, 0].float().sigmoid().cpu().numpy())


def tell_of_other_cameras(job: Job, prompts: Sequence[Frame]) -> None:
    """Tell which frames are of cameras that none of the frames with `prompts` is of."""
    cameras = dict.fromkeys(frame.camera.name for frame in prompts)
    others = [frame.index for frame in job.frames
              if frame.camera.name not in cameras and job.asks_for(frame)]
    if others:
        job.reasons.append(f'frames {others} are of other cameras than '
                           f'{" and ".join(map(repr, cameras))}, on whose image the prompt lies: '
                           'nothing is followed into them')
