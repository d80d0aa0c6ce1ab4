"""Transposed convolution, which spreads each value over a window, as torch.nn.ConvTranspose2d."""

from dataclasses import dataclass
from math import prod

from core.errors import LayerError
from core.layers.convolution import check_channels
from core.layers.shapes import MapShape, Pair, Shape, maps_of
from core.layers.windows import check_least, check_window, span


@dataclass(frozen=True)
class Spread:
    """The output of a transposed convolution along one axis, with every number on the way.

    Raises:
        LayerError: a setting is below its least value, the output padding is too large, or no pixel is left.
    """

    size: int
    kernel: int
    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        check_window(self.kernel, self.stride, self.padding, self.dilation)
        check_least("output padding", self.output_padding, 0)
        most = max(self.stride, self.dilation) - 1
        if self.output_padding > most:
            raise LayerError(
                "The output padding is too large.",
                expected=f"at most {most}, below the stride {self.stride} or the dilation {self.dilation}",
                found=str(self.output_padding),
                fix="Lower the output padding, or raise the stride.",
            )
        if self.positions < 1:
            raise LayerError(
                "The padding cuts off the whole map.",
                expected=f"padding that leaves a pixel of the {self.full + self.output_padding} made",
                found=f"2 × {self.padding}",
                fix="Lower the padding, or use a larger kernel or stride.",
            )

    @property
    def span(self) -> int:
        """dilation (kernel - 1) + 1: pixels that one value is spread over, holes counted."""
        return span(self.kernel, self.dilation)

    @property
    def steps(self) -> int:
        """(size - 1) stride: from the first value's window to the last's."""
        return (self.size - 1) * self.stride

    @property
    def full(self) -> int:
        """steps + span: pixels that the windows cover together."""
        return self.steps + self.span

    @property
    def positions(self) -> int:
        """The output's size: full - 2 padding + output_padding; here padding cuts away."""
        return self.full - 2 * self.padding + self.output_padding


@dataclass(frozen=True)
class ConvTranspose2d:
    """Sizes are (rows, columns) in pixels; `padding` is cut off the output, `output_padding` added."""

    in_channels: int
    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    output_padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = True

    @property
    def weights_per_channel(self) -> int:
        """Numbers that one input channel is spread by: C_out / groups x k_h x k_w."""
        return self.out_channels // self.groups * prod(self.kernel)

    @property
    def parameters(self) -> int:
        """C_in x (C_out / groups x k_h x k_w) + C_out for the bias."""
        return self.in_channels * self.weights_per_channel + self.out_channels * self.bias

    def spreads(self, input_shape: Shape) -> tuple[Spread, Spread]:
        """The output along the rows, and along the columns.

        Raises:
            LayerError: PyTorch would refuse to build the layer, or to run it on `input_shape`.
        """
        check_channels(self.in_channels, self.out_channels, self.groups)
        _, height, width = maps_of(input_shape, "ConvTranspose2d", self.in_channels)
        rows, columns = (
            Spread(
                size,
                self.kernel[axis],
                self.stride[axis],
                self.padding[axis],
                self.output_padding[axis],
                self.dilation[axis],
            )
            for axis, size in enumerate((height, width))
        )
        return rows, columns

    def output_shape(self, input_shape: Shape) -> MapShape:
        """(C_out, H', W')."""
        rows, columns = self.spreads(input_shape)
        return self.out_channels, rows.positions, columns.positions

    def macs(self, input_shape: Shape) -> int:
        """C_in x H x W x (C_out / groups x k_h x k_w): each value is spread over its window."""
        self.output_shape(input_shape)
        return prod(input_shape) * self.weights_per_channel
