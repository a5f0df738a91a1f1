"""Which of a sensor's readings are wrong: those that two independent signs speak against.

One sign is the sensor's own image, the other a network's depth that agrees with it all about.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spatialclaw_ros.geometry.layers import step_tolerance
from spatialclaw_ros.geometry.layers import stray_readings
from spatialclaw_ros.geometry.layers import surfaces
from spatialclaw_ros.perception.fusion.surfaces import Surfaces

#: A patch of readings smaller than this is an isolated speck; pixels.
_SPECK = 12
#: Readings this many pixels from a hole are its rim.
_RIM = 2
#: A reading is off the network's depth by this many sigmas of both before it speaks against it.
_OFF = 4.0
#: What a mirror shows is farther than it by this share at least; so large are mirrors, pixels and
#: share of the image.
_FARTHER, _MIRROR, _MOST = 0.08, 25, 0.3
#: Of a patch's outline the sensor steps along so large a share, and the network along as much by no
#: more than this share of the sensor's step.
_ALONG, _STEPS_TOO = 0.6, 0.3
_RING = 6


def doubtful(depth: np.ndarray, known: np.ndarray, sigma: np.ndarray, focal: float) -> np.ndarray:
    """(H, W) bool: readings that the sensor's own image speaks against.

    Those at a step that few neighbours support (flying pixels), isolated specks, and the rims of
    holes. `depth` and `sigma` (H, W) metres where `known` (H, W) bool, `focal` pixels.
    """
    z = np.where(known, depth, np.nan)
    tolerance = step_tolerance(z, sigma, focal)
    labels = surfaces(z, known, tolerance)
    sizes = np.bincount(labels[known], minlength=depth.size)
    speck = known & (sizes[np.maximum(labels, 0)] < _SPECK)
    holes = ndimage.binary_opening(~known, np.ones((3, 3)))
    rim = known & ndimage.binary_dilation(holes, np.ones((3, 3)), iterations=_RIM)
    return stray_readings(z, known, tolerance) | speck | rim


def off_network(depth_log: np.ndarray, found: Surfaces, correction: np.ndarray, sigma: np.ndarray
                ) -> np.ndarray:
    """(H, W) bool: readings on no surface that the network shows about them.

    `depth_log` (H, W) of the readings, `correction` (H, W) of the network's; `sigma` (H, W) is
    one sigma of the difference of both. False where either is unknown.
    """
    away = np.abs(np.stack([found.depth_log, found.low, found.high]) + correction - depth_log)
    with np.errstate(invalid='ignore'):
        return np.asarray(away.min(axis=0) > _OFF * sigma)


def mirrored(depth_log: np.ndarray, log_ratio: np.ndarray, share: float, found: Surfaces
             ) -> np.ndarray:
    """(H, W) bool: readings seen in a mirror, or through glass that the network sees as closed.

    Patches that are all farther than the network's depth (`log_ratio` (H, W), NaN where unknown)
    by more than 5 sigmas, `share`, and 8 %; along whose outline the sensor's depth steps as much
    and the network's goes on; and about which both agree. A patch that both see as a thing of its
    own is kept, and so is one at whose outline only the network steps.
    """
    with np.errstate(invalid='ignore'):
        far = log_ratio > max(5 * share, _FARTHER)
    labels, _ = ndimage.label(ndimage.binary_opening(far, np.ones((3, 3))))
    sizes = np.bincount(labels.ravel())
    wrong = np.zeros(far.shape, bool)
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        if _MIRROR <= sizes[number] <= _MOST * far.size:
            window = tuple(slice(max(side.start - _RING, 0), side.stop + _RING) for side in box)
            patch = labels[window] == number
            if _is_mirror(patch, depth_log[window], log_ratio[window], share,
                          found.depth_log[window]):
                wrong[window] |= ndimage.binary_dilation(patch, np.ones((3, 3))) & far[window]
    return wrong


def _is_mirror(patch: np.ndarray, depth_log: np.ndarray, log_ratio: np.ndarray, share: float,
               network_log: np.ndarray) -> bool:
    ring = ndimage.binary_dilation(patch, np.ones((3, 3)), iterations=_RING) & ~patch
    outer = ring & ~ndimage.binary_dilation(patch, np.ones((3, 3)), iterations=_RING // 2)
    about = log_ratio[outer & np.isfinite(log_ratio)]
    if len(about) < _MIRROR or np.median(np.abs(about)) > 3 * share:
        return False
    nearest = ndimage.distance_transform_edt(~patch, return_distances=False, return_indices=True)

    def step(values: np.ndarray, share: float) -> float:
        """What `values` step by, from the patch to the ring, along at least `share` of it."""
        off = np.abs(values - values[tuple(nearest)])[outer]
        known = off[np.isfinite(off)]
        return float(np.quantile(known, 1 - share)) if len(known) else 0.0
    sensor = step(depth_log, _ALONG)
    return sensor > _FARTHER and step(network_log, 1 - _ALONG) <= _STEPS_TOO * sensor
