"""A similarity between two gauges of the same cameras, from their centres and orientations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

_ROUNDS = 8
_MOST_PAIRS = 60
_SEED = 17
#: Before data are seen: one sigma of an orientation, rad, and of a centre, as a share of how far
#: the cameras lie apart; both count like so many residuals.
_TURN, _PLACE, _PRIOR = 0.01, 0.02, 2.0
#: A camera this many sigmas off does not agree with the others.
_OFF = 5.0
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Similarity:
    """known ≈ `scale` · `rotation` · (predicted - `center`) + `translation`.

    Sigmas are one sigma of these, and of one camera's orientation (`turn`, rad, each axis) and
    centre (`place`, unit of the predicted, each axis). A scale that nothing tells is infinite.
    """

    scale: float
    rotation: np.ndarray
    center: np.ndarray
    translation: np.ndarray
    scale_sigma: float
    rotation_sigma: float
    turn: float
    place: float

    def off(self, predicted: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Angle (K,) rad and distance (K,), unit of the predicted, that each camera is off by."""
        turned = _turns(predicted, known)
        back = (known[:, :3, 3] - self.translation) @ self.rotation / self.scale
        away = predicted[:, :3, 3] - self.center - back
        return _angles(turned, self.rotation), np.linalg.norm(away, axis=1)


def fit_similarity(predicted: np.ndarray, known: np.ndarray) -> Similarity:
    """Similarity from `predicted` (K, 4, 4) camera-to-world poses to `known` ones, K at least 1.

    Least squares with the errors in the predicted poses: taken as errors of the known ones they
    would make the scale too small. What orientations and centres err by is found in turn with the
    fit, and weighs them. The sigmas of a single camera are NaN.
    """
    turned = _turns(predicted, known)
    center, translation = predicted[:, :3, 3].mean(axis=0), known[:, :3, 3].mean(axis=0)
    p, k = predicted[:, :3, 3] - center, known[:, :3, 3] - translation
    spread, apart = float(np.sum(p * p)), float(np.sum(k * k))
    count, size = len(p), float(np.sqrt(spread / len(p)))
    rotation, inverse, turn, place = _nearest(turned.sum(axis=0)), 0.0, _TURN, _PLACE * size
    for _ in range(_ROUNDS):
        if apart > 0:
            inverse = max(float(np.sum(p * (k @ rotation))) / apart, 0.0)
        off = np.sum(np.square(p - inverse * (k @ rotation)))
        angles = np.square(_angles(turned, rotation)).sum()
        turn = _sigma(angles, _TURN, 3 * count - 3)
        place = max(_sigma(off, _PLACE * size, 3 * count - 4), _TINY * size, 1e-12)
        rotation = _nearest(turned.sum(axis=0) / (2 * turn ** 2) + inverse / place ** 2 * k.T @ p)
    scale = 1 / inverse if inverse > 0 else np.inf
    alone = np.nan if count < 2 else 1.0
    information = count / turn ** 2 * np.eye(3) + (inverse / place) ** 2 * (
        apart * np.eye(3) - k.T @ k)
    return Similarity(
        scale, rotation, center, translation,
        scale_sigma=alone * scale * place / max(inverse * np.sqrt(apart), 1e-300),
        rotation_sigma=alone / float(np.sqrt(np.linalg.eigvalsh(information)[0])),
        turn=turn, place=place)


def agreeing_cameras(predicted: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(K,) bool: cameras whose poses (K, 4, 4) in both gauges one similarity explains.

    Of four or more up to a quarter, and always one, may be wrong: pairs of cameras each make a
    similarity, and the one that most cameras fit best counts (least trimmed squares).
    """
    count = len(predicted)
    if count < 4:
        return np.ones(count, bool)
    most = count - max(count // 4, 1)
    pairs = list(combinations(range(count), 2))
    if len(pairs) > _MOST_PAIRS:
        chosen = np.random.default_rng(_SEED).choice(len(pairs), _MOST_PAIRS, replace=False)
        pairs = [pairs[at] for at in chosen]
    fits = [fit_similarity(predicted[list(pair)], known[list(pair)]) for pair in pairs]
    size = float(np.linalg.norm(np.std(predicted[:, :3, 3], axis=0)))
    costs = [_trimmed(*fit.off(predicted, known), size=size, most=most) for fit in fits]
    best = fits[int(np.argmin(costs))]
    for _ in range(_ROUNDS):
        angles, away = best.off(predicted, known)
        order = np.argsort(angles / best.turn + away / best.place)
        best = fit_similarity(predicted[order[:most]], known[order[:most]])
    angles, away = best.off(predicted, known)
    kept = (angles <= _OFF * best.turn) & (away <= _OFF * best.place)
    kept[order[:most]] = True
    return kept


def _trimmed(angles: np.ndarray, away: np.ndarray, size: float, most: int) -> float:
    """Product of the squared angles' and distances' sums, the largest left out, as a logarithm."""
    turns, places = (np.square(np.sort(off)[:most]).sum() for off in (angles, away))
    return float(np.log(turns + _TINY ** 2) + np.log(places + (_TINY * size) ** 2 + 1e-300))


def _turns(predicted: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Rotation (K, 3, 3) from the predicted to the known gauge that each camera tells."""
    return np.asarray(known[:, :3, :3] @ np.swapaxes(predicted[:, :3, :3], 1, 2))


def _angles(turned: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Angle (K,) rad of each of `turned` (K, 3, 3) to `rotation`; exact where it is small."""
    chord = np.linalg.norm(turned - rotation, axis=(1, 2))
    return np.asarray(2 * np.arcsin(np.clip(chord / np.sqrt(8), 0, 1)))


def _nearest(matrix: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) with the largest trace of its product with `matrix` (Kabsch)."""
    u, _, vt = np.linalg.svd(matrix)
    u[:, 2] *= np.sign(np.linalg.det(u @ vt))
    return np.asarray(u @ vt)


def _sigma(squares: float, prior: float, freedom: int) -> float:
    """One sigma per residual from a sum of `squares` with a `prior` that counts like two."""
    return float(np.sqrt((squares + _PRIOR * prior ** 2) / (max(freedom, 0) + _PRIOR)))
