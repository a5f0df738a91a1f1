"""From what is asked to a reply: which prompts are pointed at, which searched for, and where."""

from __future__ import annotations

from collections.abc import Sequence

from spatialclaw_ros.calls.requests import Candidate
from spatialclaw_ros.calls.requests import Segmented
from spatialclaw_ros.calls.requests import SegmentRequest
from spatialclaw_ros.calls.requests import SegmentText
from spatialclaw_ros.perception.engine import Cancelled
from spatialclaw_ros.perception.sam3.job import Job
from spatialclaw_ros.perception.sam3.job import nearest
from spatialclaw_ros.perception.sam3.network import Network
from spatialclaw_ros.perception.sam3.pointing import point
from spatialclaw_ros.perception.sam3.pointing import tell_of_other_cameras
from spatialclaw_ros.perception.sam3.prompts import Asked
from spatialclaw_ros.perception.sam3.prompts import regions_named
from spatialclaw_ros.perception.sam3.searching import Search
from spatialclaw_ros.perception.sam3.searching import search_image
from spatialclaw_ros.perception.sam3.tracking import track
from spatialclaw_ros.scene import Frame
from spatialclaw_ros.scene import Region


def reply_to(request: SegmentRequest, asked: Asked, network: Network, cancelled: Cancelled
             ) -> Segmented:
    """Reply to `request`, which asks for `asked`, in torch's inference mode."""
    job = Job(network, asked.frames, request.frames, cancelled)
    if asked.blank:
        job.reasons.append(asked.blank)
    if isinstance(request, SegmentText):
        _find(job, asked, request.threshold)
    elif asked.prompt is not None:
        point(job, asked.prompt, asked.regions)
        tell_of_other_cameras(job, [asked.prompt])
    return job.reply


def _find(job: Job, asked: Asked, threshold: float) -> None:
    """Add what each text names: a region of that name, else what the network finds."""
    searches = []
    for prompt, label in asked.texts:
        regions = regions_named(prompt, label, job.frames)
        if regions:
            _point_at_named(job, asked.prompt, regions, threshold)
        else:
            searches.append(Search(job.network.text(prompt), label, threshold))
    if not searches:
        return
    for stream in job.streams:
        if asked.prompt is not None and len(stream) > 1:
            track(job, stream, nearest(stream, asked.prompt), searches)
        else:
            for frame in stream:
                search_image(job, frame, searches)
    for search in searches:
        search.tell(job)


def _point_at_named(job: Job, prompt: Frame | None, regions: Sequence[Region], threshold: float
                    ) -> None:
    """Add the objects of `regions` of one name: of each frame, or followed from one per camera."""
    below = [region for region in regions if region.score < threshold]
    job.candidates += [Candidate(region.name, region.score, region.frame, region.box)
                       for region in below]
    kept = [region for region in regions if region.score >= threshold]
    if not kept:
        job.reasons.append(f'the regions called {regions[0].name!r} score '
                           f'{max(region.score for region in below):.2f} at best, the threshold '
                           f'is {threshold:g}')
    pointed: list[Frame] = []
    for stream in job.streams:
        holding = [frame for frame in stream
                   if any(region.frame == frame.index for region in kept)]
        if holding and prompt is not None:
            holding = [holding[nearest(holding, prompt)]]
        for frame in holding:
            point(job, frame, [region for region in kept if region.frame == frame.index],
                  follow=prompt is not None)
        pointed += holding
    if pointed and prompt is not None:
        tell_of_other_cameras(job, pointed)
