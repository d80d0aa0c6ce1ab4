"""Pooling with its traces: which pixel won each window, and what no output tells any more.

As torch.nn.functional.max_pool2d (with return_indices) and avg_pool2d, in float64.
"""

from dataclasses import dataclass

import numpy as np

from core.filtering.borders import Axis, axis, padded
from core.layers.pooling import pool_windows


@dataclass(frozen=True, eq=False)
class Pooled:
    """`largest` and `mean` (C, H', W'), and `winner`, the place row x W + column of each window's largest."""

    largest: np.ndarray
    mean: np.ndarray
    winner: np.ndarray
    rows: Axis
    columns: Axis

    @property
    def won(self) -> np.ndarray:
        """Whether each pixel (C, H, W) is the largest of some window; max pooling throws the others away."""
        channels, width = len(self.winner), self.columns.size
        won = np.zeros((channels, self.rows.size * width), bool)
        np.put_along_axis(won, self.winner.reshape(channels, -1), True, 1)
        return won.reshape(channels, self.rows.size, width)

    @property
    def unseen(self) -> int:
        """Pixels of one channel that no window covers."""
        return self.rows.size * self.columns.size - int(self.rows.seen.sum() * self.columns.seen.sum())


def pool(maps: np.ndarray, window: int, stride: int, padding: int = 0) -> Pooled:
    """Maps (C, H, W) under a square window; padding counts as 0 in the mean and never wins.

    The first of several equal values wins, from the left and the top.

    Raises:
        LayerError: the window doesn't fit, or more than half of it could lie in the padding.
    """
    for size in maps.shape[1:]:
        pool_windows(size, window, stride, padding)
    rows, columns = (axis(size, window, stride, padding) for size in maps.shape[1:])
    under, zeros = padded(maps, rows, columns, -np.inf), padded(maps, rows, columns)
    shape = len(maps), rows.positions, columns.positions
    largest, total, winner = np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape, np.int64)
    for row, column in np.ndindex(window, window):
        here = (slice(None), rows.taps(row), columns.taps(column))
        place = rows.source[here[1], None] * columns.size + columns.source[here[2]]
        wins = under[here] > largest
        largest = np.where(wins, under[here], largest)
        winner = np.where(wins, place, winner)
        total += zeros[here]
    return Pooled(largest, total / window**2, winner, rows, columns)
