"""Adaptive pooling, which chooses its windows so that the output has the size asked for."""

from dataclasses import dataclass

from core.layers.shapes import MapShape, Pair, Shape, maps_of, sequence_of
from core.layers.windows import check_least

Sides = tuple[int | None, int | None]  # (rows, columns); None keeps the input's


@dataclass(frozen=True)
class AdaptiveAvgPool2d:
    """Averages each map down to `output` (rows, columns); (1, 1) is global average pooling."""

    output: Sides = (1, 1)

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> MapShape:
        return _adapted(input_shape, "AdaptiveAvgPool2d", self.output)

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class AdaptiveMaxPool2d:
    """Keeps the largest value of each of `output` (rows, columns) parts of a map."""

    output: Sides = (1, 1)

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> MapShape:
        return _adapted(input_shape, "AdaptiveMaxPool2d", self.output)

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class AdaptiveAvgPool1d:
    """Averages a sequence (C, L) down to `output` steps."""

    output: int = 1

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> Pair:
        channels, _ = sequence_of(input_shape, "AdaptiveAvgPool1d")
        check_least("output size", self.output, 1)
        return channels, self.output

    def macs(self, input_shape: Shape) -> int:
        return 0


def _adapted(input_shape: Shape, layer: str, output: Sides) -> MapShape:
    channels, *sides = maps_of(input_shape, layer)
    rows, columns = (side if asked is None else asked for asked, side in zip(output, sides, strict=True))
    check_least("output size", min(rows, columns), 1)
    return channels, rows, columns
