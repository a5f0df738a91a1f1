"""Association of masks over views: share of random scenes that are wholly right, and its time."""

from __future__ import annotations

from pathlib import Path
import sys
import time

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / 'test' / folder)
                for folder in ('perception', 'findings')]

from multiview import MultiView
from multiview import partition_of
from multiview import scene

from spatialclaw_ros.calls.requests import FrameGeometry
from spatialclaw_ros.findings.association import same_things
from spatialclaw_ros.findings.build import masked_view
from spatialclaw_ros.findings.build import ViewPart
from spatialclaw_ros.perception.cutting.other_views import Sighting
from spatialclaw_ros.perception.cutting.other_views import surface
from spatialclaw_ros.perception.masks import as_given


def by_surfaces(view: MultiView) -> list[list[int]]:
    """Ours: the thing of each mask, those of one track given as one."""
    keys = [[(f, k) if view.ids is None else (frame.camera.name, view.ids[f][k])
             for k in range(len(found))]
            for f, (frame, found) in enumerate(zip(view.frames, view.masks, strict=True))]
    things: dict[tuple[object, int], list] = {}
    for frame, of_frame, found in zip(view.frames, keys, view.masks, strict=True):
        geometry = FrameGeometry(frame.index, frame.depth, frame.noise)
        for key, pixels in zip(of_frame, found, strict=True):
            mask = as_given(pixels).instance(frame.index, 0, 'thing', 1.0)
            things.setdefault(key, []).append(masked_view(ViewPart(frame, geometry, mask)))
    numbers = dict(zip(things, same_things(list(things.values()), ['thing'] * len(things)),
                       strict=True))
    return [[numbers[key] for key in of_frame] for of_frame in keys]


def by_centroids(view: MultiView) -> list[list[int]]:
    """Masks frame by frame to the known thing that is nearest, within its size (Hungarian)."""
    from scipy.optimize import linear_sum_assignment
    known: list[tuple[np.ndarray, float]] = []
    numbers = []
    for frame, found in zip(view.frames, view.masks, strict=True):
        places = []
        for pixels in found:
            points = surface(Sighting(frame, as_given(pixels)))
            center = np.median(points, axis=0)
            size = 2 * float(np.percentile(np.linalg.norm(points - center, axis=1), 90))
            places.append((center, size))
        cost = np.array([[float(np.linalg.norm(a - b)) if np.linalg.norm(a - b) < max(s, t)
                          else 1e6 for b, t in known] for a, s in places]).reshape(
                              len(places), len(known))
        chosen = {int(i): int(j) for i, j in zip(*linear_sum_assignment(cost), strict=True)
                  if cost[i, j] < 1e6}
        for i, place in enumerate(places):
            if i not in chosen:
                chosen[i] = len(known)
                known.append(place)
        numbers.append([chosen[i] for i in range(len(places))])
    return numbers


def main(count: int, first: int) -> None:
    """Print the share of `count` scenes that are right, from seed `first` on."""
    right = {(by, watched): [] for by in ('surfaces', 'centroids') for watched in (False, True)}
    wrong, seconds, masks = [], [], []
    for seed in range(first, first + count):
        view = scene(seed)
        watched, truth = view.ids is not None, partition_of(view.things)
        began = time.perf_counter()
        found = partition_of(by_surfaces(view)) == truth
        seconds.append(time.perf_counter() - began)
        masks.append(sum(map(len, view.masks)))
        right['surfaces', watched].append(found)
        right['centroids', watched].append(partition_of(by_centroids(view)) == truth)
        if not found:
            wrong.append(seed)
    for (by, watched), of in right.items():
        what = 'several cameras, things move' if watched else 'one camera, things at rest'
        print(f'{by:10s} {what:30s} {np.mean(of):.4f} of {len(of)} scenes right')
    ours = right['surfaces', False] + right['surfaces', True]
    print(f'surfaces, all: {np.mean(ours):.4f} of {len(ours)}; wrong seeds {wrong}')
    print(f'{np.mean(masks):.0f} masks a scene, {np.median(seconds) * 1e3:.0f} ms median, '
          f'{np.percentile(seconds, 95) * 1e3:.0f} ms p95')


if __name__ == '__main__':
    main(*(int(argument) for argument in sys.argv[1:]), *(500, 0)[len(sys.argv) - 1:])
