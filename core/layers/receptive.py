"""How much of the picture one value of a map sees: receptive field and effective stride.

As in Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019),
kept exact through transposed convolutions.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.shapes import Pair, Shape
from core.layers.sight import Sight, sight_of, through_parts, through_spread, through_windows, united
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import same_padding

Sights = tuple[Sight, Sight]  # (rows, columns)


@dataclass(frozen=True)
class Reach:
    """`field` is (rows, columns) of input pixels that one value depends on at most; `stride` is how far, in
    input pixels, the field moves from one value to the next (a fraction after upsampling).

    A field runs from the first to the last pixel, holes of dilated windows counted, on a picture without
    edges: on a real one it is cut off there, and may be larger than the picture. A map that mixes every
    place of the picture, such as one after global pooling, has `field` None. Sequences (C, L) lie along the
    columns. `sights` are what it was worked out from.
    """

    field: Pair | None = (1, 1)
    stride: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
    sights: Sights | None = dataclasses.field(default=None, repr=False, compare=False)


def reach_after(layer: Layer, before: Reach | None, input_shape: Shape = ()) -> Reach | None:
    """Reach of one value after `layer`; None after flattening or a linear layer, where there is no map.

    Adaptive pooling needs `input_shape`; without it, as after pooling to a single value, the field is None.
    """
    if before is None or isinstance(layer, Flatten | Linear):
        return None
    if before.field is None:
        return before
    rows, columns = before.sights or _sights_of(before.field, before.stride)
    match layer:
        case Conv2d() | MaxPool2d() | AvgPool2d():
            down, along = (_window(layer, axis) for axis in (0, 1))
            return _reach(before, through_windows(rows, *down), through_windows(columns, *along))
        case Conv1d() | MaxPool1d() | AvgPool1d():
            return _reach(before, rows, through_windows(columns, *_window(layer, None)))
        case ConvTranspose2d():
            spread = (
                through_spread(
                    sight, layer.kernel[axis], layer.stride[axis], layer.padding[axis], layer.dilation[axis]
                )
                for axis, sight in enumerate((rows, columns))
            )
            return _reach(before, *spread)
        case AdaptiveAvgPool2d() | AdaptiveMaxPool2d() | AdaptiveAvgPool1d():
            asked = (None, layer.output) if isinstance(layer, AdaptiveAvgPool1d) else layer.output
            if not input_shape or all(parts == 1 for parts in asked if parts is not None):
                return Reach(None, before.stride) if any(asked) else before
            sides = (1, *input_shape[1:])[-2:]
            parts = (
                sight if number is None else through_parts(sight, side, number)
                for sight, side, number in zip((rows, columns), sides, asked, strict=True)
            )
            return _reach(before, *parts)
    return before


def joined(reaches: Iterable[Reach | None]) -> Reach | None:
    """Reach of a value made of those at the same place of several maps: after an addition or concatenation.

    Where the maps' strides differ, so that their places drift apart, the field is None.
    """
    known = list(reaches)
    present = [reach for reach in known if reach is not None]
    if len(present) < len(known) or not present:
        return None
    sights = [reach.sights or _sights_of(reach.field, reach.stride) for reach in present if reach.field]
    if len(sights) < len(present):
        return Reach(None, present[0].stride)
    rows, columns = (united([sight[axis] for sight in sights]) for axis in (0, 1))
    return _reach(present[0], rows, columns)


def _reach(before: Reach, rows: Sight | None, columns: Sight | None) -> Reach:
    if rows is None or columns is None:
        return Reach(None, before.stride)
    return Reach((rows.field, columns.field), (rows.stride, columns.stride), (rows, columns))


def _sights_of(field: Pair, stride: tuple[Fraction, Fraction]) -> Sights:
    return sight_of(field[0], stride[0]), sight_of(field[1], stride[1])


def _window(
    layer: Conv1d | Conv2d | MaxPool1d | MaxPool2d | AvgPool1d | AvgPool2d, axis: int | None
) -> tuple[int, int, int, int]:
    """Kernel, stride, padding before the map, and dilation along one axis (None for the only one)."""

    def along(setting: int | Pair) -> int:
        return setting if isinstance(setting, int) else setting[axis or 0]

    dilation = 1 if isinstance(layer, AvgPool1d | AvgPool2d) else along(layer.dilation)
    if layer.padding == "same":
        padding = same_padding(along(layer.kernel), dilation)[0]
    else:
        padding = 0 if layer.padding == "valid" else along(layer.padding)
    return along(layer.kernel), along(layer.stride), padding, dilation
