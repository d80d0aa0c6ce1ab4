"""Pillow's resizing of 8-bit pictures, pixel for pixel, as tensor operations that ONNX has too.

As in Pillow 13, src/libImaging/Resample.c: weights of a filter whose width grows with the reduction, rounded
to 22 bits, in two passes that each round to 0..255. All sums are whole numbers below 2^53, so float64 has
them exactly, in whatever order they are added.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from core.models.backbone_preprocessing import Interpolation

ONE = 2.0**22  # a weight of 1
EXACT = torch.float64


class Axis(NamedTuple):
    """How the `places` (N,) of an axis of the result lie in the picture; the others are 0-dimensional.

    A pixel at place p has its middle at `start` + (p + 1/2) `scale`; outside 0 <= p < `length` it is black.
    """

    start: Tensor
    scale: Tensor
    places: Tensor
    length: Tensor


def weights(axis: Axis, size: int, interpolation: Interpolation) -> Tensor:
    """(N, size): what each of `size` pixels adds to each place of the result, times `ONE`, rounded."""
    filter_of, support = _FILTERS[interpolation]
    reduction = axis.scale.clamp(min=1.0)
    reach = support * reduction
    middle = (axis.start + (axis.places + 0.5) * axis.scale).unsqueeze(1)
    pixel = torch.arange(size, dtype=EXACT)
    within = (pixel >= (middle - reach + 0.5).floor()) & (pixel < (middle + reach + 0.5).floor())
    drawn = ((axis.places >= 0) & (axis.places < axis.length)).unsqueeze(1)
    values = torch.where(within & drawn, filter_of((pixel - middle + 0.5) * (1.0 / reduction)), 0.0)
    total = values.cumsum(1)[:, -1:]  # added one by one, as Pillow does, and not in pairs
    values = values / torch.where(total == 0, 1.0, total)
    return torch.where(values < 0, (values * ONE - 0.5).ceil(), (values * ONE + 0.5).floor())


def resized(pictures: Tensor, rows: Tensor, columns: Tensor, rows_first: Tensor) -> Tensor:
    """Pictures (B, C, H, W) by the weights of `rows` (h, H) and `columns` (w, W): (B, C, h, w), float64.

    The order of the passes counts, for each rounds: `rows_first` (a bool tensor) says which it is.
    """

    def down_then_across(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        return _rounded(_rounded(rows @ pictures) @ columns.mT)

    def across_then_down(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        return _rounded(rows @ _rounded(pictures @ columns.mT))

    return torch.cond(rows_first, down_then_across, across_then_down, (pictures, rows, columns))


def _rounded(sums: Tensor) -> Tensor:
    return ((sums + ONE / 2) / ONE).floor().clamp(0, 255)


def _triangle(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp(min=0)


def _cubic(x: Tensor) -> Tensor:
    """Keys 1981 with a = -1/2, its terms in Pillow's order."""
    x = x.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * -0.5
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))


_FILTERS: dict[Interpolation, tuple[Callable[[Tensor], Tensor], float]] = {
    Interpolation.BILINEAR: (_triangle, 1.0),
    Interpolation.BICUBIC: (_cubic, 2.0),
}
