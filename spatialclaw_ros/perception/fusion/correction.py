"""What corrects a network's depth where there is no reading, from the readings about it.

The correction is a field over the image: it follows the readings where there are some, goes on
along the network's surfaces where there are none, and does not cross a step between two of them.
A box without a reading is so corrected by what is known of the table it stands on, not of the wall
behind. Far from every reading it fades to none. Such a field is the most likely one of a Gaussian
Markov random field (Rue and Held, 2005); it is solved for on a coarser image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

#: Long side, pixels, of the image on which the field is found.
_LONGEST = 160
#: How far readings are averaged over, and how far a correction reaches, as shares of that side.
_SMOOTH, _REACH = 0.02, 0.5
#: What passes a step, as a share of what passes within a surface.
_LEAK = 1e-4


@dataclass(frozen=True, eq=False)
class Correction:
    """`log_ratio` (H, W): what to add to the logarithm of depth.

    `distance` (H, W) pixels to the readings it rests on, along the surface; about 0 at readings.
    """

    log_ratio: np.ndarray
    distance: np.ndarray


@dataclass(frozen=True, eq=False)
class Blocks:
    """An image as blocks of `size` × `size` pixels: `depth_log`, `mean`, `count` (h, w).

    `mean` of the known ratios in a block and how many there are; 0 where none is.
    """

    size: int
    depth_log: np.ndarray
    mean: np.ndarray
    count: np.ndarray


def blocks_of(depth_log: np.ndarray, log_ratio: np.ndarray) -> Blocks:
    """Blocks of the surfaces' `depth_log` (H, W) and the known `log_ratio` (H, W), NaN else."""
    size = max(1, -(-max(depth_log.shape) // _LONGEST))
    height, width = (-(-side // size) for side in depth_log.shape)
    padding = ((0, height * size - depth_log.shape[0]), (0, width * size - depth_log.shape[1]))
    tiled = np.pad(log_ratio, padding, constant_values=np.nan).reshape(height, size, width, size)
    known = np.isfinite(tiled)
    count = known.sum(axis=(1, 3))
    total = np.where(known, tiled, 0).sum(axis=(1, 3))
    rows = np.minimum(np.arange(height) * size + size // 2, depth_log.shape[0] - 1)
    columns = np.minimum(np.arange(width) * size + size // 2, depth_log.shape[1] - 1)
    return Blocks(size, depth_log[np.ix_(rows, columns)], total / np.maximum(count, 1), count)


def corrected(blocks: Blocks, slope: float, shape: tuple[int, int]) -> Correction:
    """Field over an image of `shape` (H, W); `slope` is a pixel's largest step on a surface.

    `distance` is the root of twice the time that a random walk along the surfaces takes to the
    readings: in the middle between two edges 2a apart that time is a²/2, for it solves t'' = -1
    with t = 0 at both. They are taken so far behind the edges as readings are averaged over.
    Walks end after the reach R too, so that the distance is never more than √2 R.
    """
    long_side = max(blocks.depth_log.shape)
    weight = (blocks.count / blocks.size ** 2) / (_SMOOTH * long_side) ** 2
    system = _laplacian(blocks.depth_log, slope * blocks.size) + sparse.diags(
        weight.ravel() + 1 / (_REACH * long_side) ** 2)
    factors = splu(sparse.csc_matrix(system), permc_spec='MMD_AT_PLUS_A', diag_pivot_thresh=0.0,
                   options={'SymmetricMode': True})
    ratio = factors.solve((weight * blocks.mean).ravel())
    walk = factors.solve((blocks.count == 0).astype(float).ravel())
    distance = np.sqrt(2 * np.maximum(walk, 0)) * blocks.size
    return Correction(*(np.repeat(np.repeat(
        field.reshape(blocks.mean.shape), blocks.size, 0), blocks.size, 1)[:shape[0], :shape[1]]
        for field in (ratio, distance)))


def _laplacian(depth_log: np.ndarray, slope: float) -> sparse.csr_matrix:
    """Graph Laplacian (P, P) of the blocks, 4 neighbours, weak across steps."""
    index = np.arange(depth_log.size).reshape(depth_log.shape)
    starts, ends, weights = [], [], []
    for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        with np.errstate(invalid='ignore'):
            joined = np.abs(depth_log[first] - depth_log[second]) <= slope
        starts.append(index[first].ravel())
        ends.append(index[second].ravel())
        weights.append(np.where(joined, 1.0, _LEAK).ravel())
    row, column, weight = (np.concatenate(part) for part in (starts, ends, weights))
    links = sparse.coo_matrix((weight, (row, column)), shape=(depth_log.size,) * 2).tocsr()
    links = links + links.T
    return sparse.csr_matrix(sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links)
