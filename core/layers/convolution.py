"""Convolution: output size, parameters and MACs, as torch.nn.Conv2d, and Conv1d along a sequence."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from core.errors import LayerError
from core.layers.shapes import MapShape, Pair, Shape, maps_of, sequence_of
from core.layers.windows import PaddingMode, Windows, check_least, check_window, same_padding

SidePadding = int | Literal["same", "valid"]
MapPadding = Pair | Literal["same", "valid"]


@dataclass(frozen=True)
class Conv1d:
    """Sizes are in steps of a sequence (C, L); padding "same" keeps L, at stride 1 only; "valid" is 0."""

    in_channels: int
    out_channels: int
    kernel: int
    stride: int = 1
    padding: SidePadding = 0
    dilation: int = 1
    groups: int = 1
    bias: bool = True
    padding_mode: PaddingMode = PaddingMode.ZEROS

    @property
    def weights_per_filter(self) -> int:
        """Numbers in one filter: C_in / groups x k."""
        return self.in_channels // self.groups * self.kernel

    @property
    def parameters(self) -> int:
        """C_out x (C_in / groups x k + 1), the 1 for the bias."""
        return self.out_channels * (self.weights_per_filter + self.bias)

    def windows(self, input_shape: Shape) -> Windows:
        """The window's way along L.

        Raises:
            LayerError: PyTorch would refuse to build the layer, or to run it on `input_shape`.
        """
        check_channels(self.in_channels, self.out_channels, self.groups)
        _, length = sequence_of(input_shape, "Conv1d", self.in_channels)
        return _windows(
            length, self.kernel, self.stride, self.padding, self.dilation, self.padding_mode, self.stride
        )

    def output_shape(self, input_shape: Shape) -> Pair:
        """(C_out, L')."""
        return self.out_channels, self.windows(input_shape).positions

    def macs(self, input_shape: Shape) -> int:
        """C_out x L' x (C_in / groups x k)."""
        return prod(self.output_shape(input_shape)) * self.weights_per_filter


@dataclass(frozen=True)
class Conv2d:
    """Sizes are (rows, columns) in pixels; padding "same" keeps the map's size, at stride 1 only.

    Padding "valid" is 0. With `groups`, channels are cut into that many parts; a filter sees only its own.
    """

    in_channels: int
    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: MapPadding = (0, 0)
    dilation: Pair = (1, 1)
    bias: bool = True
    groups: int = 1
    padding_mode: PaddingMode = PaddingMode.ZEROS

    @property
    def weights_per_filter(self) -> int:
        """Numbers in one filter: C_in / groups x k_h x k_w."""
        return self.in_channels // self.groups * prod(self.kernel)

    @property
    def parameters(self) -> int:
        """C_out x (C_in / groups x k_h x k_w + 1), the 1 for the bias."""
        return self.out_channels * (self.weights_per_filter + self.bias)

    def windows(self, input_shape: Shape) -> tuple[Windows, Windows]:
        """The window's way down the rows, and along the columns.

        Raises:
            LayerError: PyTorch would refuse to build the layer, or to run it on `input_shape`.
        """
        check_channels(self.in_channels, self.out_channels, self.groups)
        _, height, width = maps_of(input_shape, "Conv2d", self.in_channels)
        rows, columns = (
            _windows(
                size,
                self.kernel[axis],
                self.stride[axis],
                self.padding if isinstance(self.padding, str) else self.padding[axis],
                self.dilation[axis],
                self.padding_mode,
                max(self.stride),
            )
            for axis, size in enumerate((height, width))
        )
        return rows, columns

    def output_shape(self, input_shape: Shape) -> MapShape:
        """(C_out, H', W')."""
        rows, columns = self.windows(input_shape)
        return self.out_channels, rows.positions, columns.positions

    def macs(self, input_shape: Shape) -> int:
        """C_out x H' x W' x (C_in / groups x k_h x k_w)."""
        return prod(self.output_shape(input_shape)) * self.weights_per_filter


def check_channels(in_channels: int, out_channels: int, groups: int) -> None:
    """Raises LayerError where PyTorch refuses the channels whatever the map."""
    check_least("number of groups", groups, 1)
    check_least("number of input channels", in_channels, 1)
    check_least("number of output channels", out_channels, 1)
    for name, channels in (("input", in_channels), ("output", out_channels)):
        if channels % groups:
            raise LayerError(
                f"The {name} channels can't be shared out evenly among the groups.",
                expected=f"a divisor of {in_channels} and {out_channels} channels",
                found=f"{groups} groups",
                fix="Choose groups that divide both numbers of channels.",
            )


def _windows(
    size: int,
    kernel: int,
    stride: int,
    padding: SidePadding,
    dilation: int,
    mode: PaddingMode,
    largest_stride: int,
) -> Windows:
    if padding == "same":
        check_window(kernel, stride, 0, dilation)
        if largest_stride > 1:
            raise LayerError(
                'Padding "same" can\'t be had with a stride.',
                expected="stride 1",
                found=f"stride {largest_stride}",
                fix="Set the stride to 1, or give the padding as a number.",
            )
        sides = same_padding(kernel, dilation)
    else:
        sides = (0, 0) if padding == "valid" else (padding, padding)
    return Windows(size, kernel, stride, sides, dilation, mode=mode)
