"""The part of a picture that one value of a map depends on."""

from dataclasses import dataclass

import numpy as np

from core.insight.places import MapPlace

_FRAME = np.array((213, 94, 0), np.uint8)  # vermillion, of Okabe and Ito
_DIM = 0.45


@dataclass(frozen=True)
class Patch:
    """First and last row and column of pixels, within the picture."""

    top: int
    bottom: int
    left: int
    right: int


def patch_of(place: MapPlace, row: int, column: int, size: tuple[int, int]) -> Patch:
    """What the value at (`row`, `column`) of a map depends on at most, cut off at the edges of a picture of
    `size` (H, W); the whole picture where the place depends on all of it."""
    spans = place.spans
    if spans is None:
        return Patch(0, size[0] - 1, 0, size[1] - 1)
    edges = []
    for span, side in zip((spans[0][row], spans[1][column]), size, strict=True):
        first, last = span or (0, 0)
        edges += [min(max(first, 0), side - 1), min(max(last, 0), side - 1)]
    return Patch(*edges)


def with_frame(shown: np.ndarray, patch: Patch, size: tuple[int, int]) -> np.ndarray:
    """`shown`, an enlarged picture (H', W') or (H', W', C) uint8 of `size` (H, W), as (H', W', 3): with a
    frame around `patch`, and the rest of it dimmed."""
    colors = np.repeat(shown[:, :, None], 3, 2) if shown.ndim == 2 else shown[:, :, :3].copy()
    factors = [len(colors) / size[0], colors.shape[1] / size[1]]
    top, bottom = int(patch.top * factors[0]), int((patch.bottom + 1) * factors[0])
    left, right = int(patch.left * factors[1]), int((patch.right + 1) * factors[1])
    framed = (colors * _DIM).astype(np.uint8)
    framed[top:bottom, left:right] = colors[top:bottom, left:right]
    thick = 2
    for edge in (
        np.s_[top : top + thick, left:right],
        np.s_[bottom - thick : bottom, left:right],
        np.s_[top:bottom, left : left + thick],
        np.s_[top:bottom, right - thick : right],
    ):
        framed[edge] = _FRAME
    return framed
