"""The object in a box, by colour, depth and what the box and its surroundings say.

A graph cut over a padded crop. Its evidence: colours common in the box and rare around it;
distance from the surfaces around, as far as they extend into the box; pieces of continuous depth
that go on outside; boxes of other objects; the object's masks in other
frames; missing depth; position in the box. Colours, the share
of the object that lies in a surface (a flat thing), and its share of missing depth are learned
from the cut and the cut is made again. A box is taken to be tight: where the cut leaves a side
bare, the way to that side is eased. Last, the rim moves to the nearest edge of colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from spatialclaw_ros.geometry.pixels import Box2D
from spatialclaw_ros.geometry.pixels import eroded
from spatialclaw_ros.perception.cutting import evidence
from spatialclaw_ros.perception.cutting.crop import Crop
from spatialclaw_ros.perception.cutting.crop import crop_around
from spatialclaw_ros.perception.cutting.graph_cut import Cutter
from spatialclaw_ros.perception.cutting.graph_cut import lab_of
from spatialclaw_ros.perception.cutting.graph_cut import links_of
from spatialclaw_ros.perception.cutting.other_views import other_views_odds
from spatialclaw_ros.perception.cutting.other_views import Sighting
from spatialclaw_ros.perception.cutting.pieces import piece_odds
from spatialclaw_ros.perception.cutting.rim import snap_to_edges
from spatialclaw_ros.perception.cutting.surroundings import Surroundings
from spatialclaw_ros.perception.cutting.surroundings import surroundings
from spatialclaw_ros.perception.masks import cropped
from spatialclaw_ros.perception.masks import Mask
from spatialclaw_ros.scene import Frame

_ROUNDS = 3
#: Share of an object assumed to lie in a surface around it, before anything is known of it.
_SHARE_ON = 0.25
#: The position in the box counts for less once colours are learned.
_LATER_POSITION = 0.6
_TIGHT_STEPS, _TIGHT_SHARE, _TIGHT_PIXELS, _EASE = 5, 0.07, 2, 1.0
#: How far evidence is varied for the alternatives: nats added to all, and a factor on one kind.
_BIAS, _DOUBT = 1.5, 0.4
#: Alternatives that a mask carries: those that change most.
_KEPT = 3
_LEAST_PIXELS = 12


class NothingInside(Exception):
    """No pixel of a region can be told from what surrounds it."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """What is known before the first cut."""

    crop: Crop
    around: Surroundings
    lab: np.ndarray
    cutter: Cutter
    never: np.ndarray
    pinned: np.ndarray
    position: np.ndarray
    pieces: np.ndarray
    seen: np.ndarray
    others: np.ndarray

    def cut(self, log_odds: np.ndarray) -> np.ndarray:
        return self.cutter.cut(log_odds + self.pinned)


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What is learned from a cut: log odds (h, w) of each kind."""

    colour: np.ndarray
    surface: np.ndarray
    rest: np.ndarray
    others: np.ndarray

    def total(self, colour: float = 1.0, surface: float = 1.0, others: float = 1.0) -> np.ndarray:
        return (colour * self.colour + surface * self.surface + self.rest
                + others * self.others)


def cut_box(frame: Frame, box: Box2D, others: Sequence[Box2D],
            elsewhere: Sequence[Sighting] = (), *,
            must: np.ndarray | None = None, must_not: np.ndarray | None = None) -> Mask:
    """Mask of the object in `box` (x1, y1, x2, y2); `others` are boxes of other objects.

    `elsewhere` is what other frames show of the object. `must` and `must_not` (H, W) bool are
    pixels known to be of the object, and not to be. Raises NothingInside when nothing can be
    told from its surroundings.
    """
    scene = _scene(frame, box, others, elsewhere, must, must_not)
    found, mask = _learn(scene)
    eased, mask = _reach_sides(scene, found.total(), mask)
    mask = _whole(mask)
    if mask.sum() * scene.crop.scale ** 2 < _LEAST_PIXELS:
        raise NothingInside(_why_nothing(scene.crop))
    ease = eased - found.total()
    variants = [found.total() + _BIAS, found.total() - _BIAS,
                found.total(surface=_DOUBT), found.total(colour=_DOUBT)]
    if scene.others.any():
        variants.append(found.total(others=0.0))
    rough = scene.crop.enlarged(mask)
    colour_first = found.colour + _DOUBT * (found.surface + scene.pieces + scene.seen
                                            + scene.others)
    pixels = snap_to_edges(_crop_image(frame, scene.crop), rough, scene.crop.spread(colour_first))
    other = [scene.crop.enlarged(_whole(scene.cut(odds + ease))) for odds in variants]
    other[:2] = ~eroded(~other[0]), eroded(other[1])  # a rim is found to a pixel
    alternatives = np.stack([mask if mask.any() else pixels for mask in (rough, *other)])
    changed = (alternatives ^ pixels).sum(axis=(1, 2))
    return cropped(pixels, alternatives[np.argsort(-changed)[:_KEPT]],
                   _agreement(pixels, alternatives), scene.crop.origin)


def _scene(frame: Frame, box: Box2D, others: Sequence[Box2D], elsewhere: Sequence[Sighting],
           must: np.ndarray | None, must_not: np.ndarray | None) -> _Scene:
    crop = crop_around(frame, box, others)
    around = surroundings(crop)
    pinned = np.zeros(crop.shape, np.float32)
    for mask, nats in ((must, 1e3), (must_not, -1e3)):
        if mask is not None:
            pinned[_sampled(mask, crop)] = nats
    return _Scene(crop, around, lab_of(crop), Cutter(links_of(crop), crop.outside),
                  crop.outside, pinned,
                  evidence.position_odds(crop), piece_odds(crop, around),
                  other_views_odds(crop, frame, elsewhere), evidence.others_odds(crop))


def _sampled(mask: np.ndarray, crop: Crop) -> np.ndarray:
    (x, y), (h, w), scale = crop.origin, crop.shape, crop.scale
    return mask[y:y + h * scale:scale, x:x + w * scale:scale]


def _crop_image(frame: Frame, crop: Crop) -> np.ndarray:
    (x, y), (height, width) = crop.origin, crop.extent
    return np.ascontiguousarray(frame.image[y:y + height, x:x + width])


def _learn(scene: _Scene) -> tuple[_Evidence, np.ndarray]:
    """Alternate between learning from a cut and cutting again."""
    crop, inside = scene.crop, scene.crop.inside
    ring = scene.never.astype(np.float32)
    colour = evidence.colour_odds(scene.lab, inside, ring)
    likely = _probability(1.5 * colour + scene.position + scene.pieces + scene.seen
                          + scene.others - 0.5,
                          scene.never)
    found = None
    for turn in range(_ROUNDS):
        ours = np.where(inside, np.clip((likely - 0.3) / 0.7, 0, 1), 0) ** 1.5
        rest = np.maximum(0.7 * ring, np.where(inside, np.clip(0.6 - likely, 0, 1), 0))
        if turn:
            colour = evidence.colour_odds(scene.lab, ours + 0.02 * inside, rest)
        colour = np.clip(colour, -evidence.COLOUR_LIMIT, evidence.COLOUR_LIMIT)
        position = scene.position * (_LATER_POSITION if turn else 1.0)
        found = _Evidence(
            colour, evidence.surface_odds(crop, scene.around, _share_on(scene, ours)),
            position + scene.pieces + scene.seen + evidence.missing_odds(crop, ours, rest),
            scene.others)
        log_odds = found.total()
        mask = scene.cut(log_odds)
        likely = mask * np.clip(0.6 + 0.1 * log_odds, 0.31, 1)
        if not mask.any():
            likely = _probability(colour + scene.position, scene.never)
    assert found is not None
    return found, mask


def _share_on(scene: _Scene, ours: np.ndarray) -> float:
    """Share of the likely object that lies in a surface around it."""
    measured = ours * scene.crop.measured
    prior = 0.05 * scene.crop.inside.sum()
    share = ((measured * scene.around.on).sum() + _SHARE_ON * prior) / (measured.sum() + prior)
    return float(min(share, 0.9))


def _probability(log_odds: np.ndarray, never: np.ndarray) -> np.ndarray:
    return np.where(never, 0, 1 / (1 + np.exp(-log_odds)))


def _reach_sides(scene: _Scene, log_odds: np.ndarray, mask: np.ndarray
                 ) -> tuple[np.ndarray, np.ndarray]:
    """Ease the way to each side of the box that the mask does not reach."""
    x1, y1, x2, y2 = scene.crop.box
    inside = scene.crop.inside
    short_x = max(_TIGHT_PIXELS, _TIGHT_SHARE * (x2 - x1))
    short_y = max(_TIGHT_PIXELS, _TIGHT_SHARE * (y2 - y1))
    for _ in range(_TIGHT_STEPS):
        bare = inside.copy()
        if mask.any():
            left, top, width, height = cv2.boundingRect(_whole(mask).astype(np.uint8))
            bare[:] = False
            if left > x1 + short_x:
                bare[:, :left] = True
            if left + width < x2 - short_x:
                bare[:, left + width:] = True
            if top > y1 + short_y:
                bare[:top] = True
            if top + height < y2 - short_y:
                bare[top + height:] = True
            bare &= inside
        if not bare.any():
            break
        log_odds = log_odds + _EASE * bare
        mask = scene.cut(log_odds)
    return log_odds, mask


def _whole(mask: np.ndarray) -> np.ndarray:
    """`mask` without pieces that are small beside its largest, and without small holes."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=4)
    if count == 1:
        return mask
    areas = stats[:, cv2.CC_STAT_AREA]
    kept = areas >= 0.12 * areas[1:].max()
    kept[0] = False
    whole = kept[pieces]
    count, holes, stats, _ = cv2.connectedComponentsWithStats(
        (~whole).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < 0.03 * whole.sum()
    small[0] = False
    rim = np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])
    small[np.unique(rim)] = False
    return whole | small[holes]


def _agreement(pixels: np.ndarray, alternatives: np.ndarray) -> float:
    """Mean overlap (intersection over union) of the alternatives with the mask."""
    return float(np.mean([(pixels & other).sum() / (pixels | other).sum()
                          for other in alternatives]))


def _why_nothing(crop: Crop) -> str:
    if not (crop.inside & crop.measured).any():
        return ('no depth reading and no colour in the box that tells an object from its '
                'surroundings; give a tighter box, points, or a mask')
    return ('no colour and no depth in the box tells an object from its surroundings; give a '
            'tighter box, points, or a mask')
