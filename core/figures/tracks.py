"""What a picture of a layer has to show along one axis: windows on one grid, a cell for each on the other."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

from core.layers.adaptive import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.layer import Layer
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d, Spread
from core.layers.windows import Windows


@dataclass(frozen=True)
class Track:
    """One axis, in pixels. `windows` are (start, length), counted from the first pixel of the margin.

    A sliding window's `size` is that of the input and its margin is the padding; a transposed
    convolution's is that of the output, and its margin is what is cut off.
    """

    size: int
    margin: tuple[int, int]  # before and after
    windows: tuple[tuple[int, int], ...]  # a window for each cell of the other grid
    taps: tuple[int, ...]  # places inside a window that carry a weight; () for all
    untouched: tuple[tuple[int, int], ...]  # runs (start, length) of the map that no window touches
    beyond: int = 0  # pixels of the margin after the map that only ceil_mode's last window reaches

    @property
    def cells(self) -> int:
        return len(self.windows)

    @property
    def whole(self) -> int:
        """Pixels with the margin."""
        return self.margin[0] + self.size + self.margin[1]

    @property
    def untouched_pixels(self) -> int:
        return sum(length for _, length in self.untouched)


STILL = Track(1, (0, 0), ((0, 1),), (), ())  # the axis that a sequence hasn't


def tracks_of(layer: Layer, input_shape: Shape) -> tuple[Track, Track] | None:
    """Rows and columns of a layer with windows; None for a layer without.

    Raises:
        LayerError: PyTorch would refuse the layer on `input_shape`.
    """
    match layer:
        case Conv1d():
            return STILL, _sliding(layer.windows(input_shape))
        case Conv2d() | MaxPool2d() | AvgPool2d():
            rows, columns = layer.windows(input_shape)
            return _sliding(rows), _sliding(columns)
        case ConvTranspose2d():
            down, along = layer.spreads(input_shape)
            return _spreading(down), _spreading(along)
        case AdaptiveAvgPool2d() | AdaptiveMaxPool2d():
            _, height, width = layer.output_shape(input_shape)
            return _adaptive(input_shape[1], height), _adaptive(input_shape[2], width)
        case _:
            return None


def _sliding(axis: Windows) -> Track:
    before, after = axis.padding
    return Track(
        axis.size,
        (before, after + axis.beyond),
        tuple((place * axis.stride, axis.span) for place in range(axis.positions)),
        _taps(axis.kernel, axis.dilation),
        runs(set(range(axis.size)) - axis.seen),
        axis.beyond,
    )


def _spreading(axis: Spread) -> Track:
    taps = _taps(axis.kernel, axis.dilation)
    starts = [value * axis.stride for value in range(axis.size)]
    reached = {start + tap - axis.padding for start in starts for tap in taps or range(axis.span)}
    end = axis.padding + axis.positions
    return Track(
        axis.positions,
        (axis.padding, max(0, axis.full - end)),
        tuple((start, axis.span) for start in starts),
        taps,
        runs(set(range(axis.positions)) - reached),
    )


def _adaptive(size: int, output: int) -> Track:
    """Cell i takes the pixels from floor(i size / output) to ceil((i + 1) size / output), as in PyTorch."""
    edges = [(cell * size // output, -((cell + 1) * -size // output)) for cell in range(output)]
    return Track(size, (0, 0), tuple((start, end - start) for start, end in edges), (), ())


def _taps(kernel: int, dilation: int) -> tuple[int, ...]:
    return tuple(range(0, kernel * dilation, dilation)) if dilation > 1 else ()


def runs(pixels: Collection[int]) -> tuple[tuple[int, int], ...]:
    """{4, 5, 9} as ((4, 2), (9, 1))."""
    groups = groupby(enumerate(sorted(pixels)), key=lambda pair: pair[1] - pair[0])
    found = ([pixel for _, pixel in group] for _, group in groups)
    return tuple((group[0], len(group)) for group in found)
