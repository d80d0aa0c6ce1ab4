"""Pooling: a window that keeps the largest or the mean value of each map."""

from dataclasses import dataclass

from core.errors import LayerError
from core.layers.shapes import MapShape, Pair, Shape, maps_of, sequence_of
from core.layers.windows import Windows, check_window


@dataclass(frozen=True)
class MaxPool2d:
    """As torch.nn.MaxPool2d; sizes are (rows, columns) in pixels."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    ceil_mode: bool = False

    @property
    def parameters(self) -> int:
        return 0

    def windows(self, input_shape: Shape) -> tuple[Windows, Windows]:
        """The window's way down the rows, and along the columns."""
        _, height, width = maps_of(input_shape, "MaxPool2d")
        rows, columns = (
            pool_windows(
                size,
                self.kernel[axis],
                self.stride[axis],
                self.padding[axis],
                self.dilation[axis],
                self.ceil_mode,
            )
            for axis, size in enumerate((height, width))
        )
        return rows, columns

    def output_shape(self, input_shape: Shape) -> MapShape:
        rows, columns = self.windows(input_shape)
        return input_shape[0], rows.positions, columns.positions

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class AvgPool2d:
    """As torch.nn.AvgPool2d; with `count_include_pad`, the padding's zeros count in the mean."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    ceil_mode: bool = False
    count_include_pad: bool = True

    @property
    def parameters(self) -> int:
        return 0

    def windows(self, input_shape: Shape) -> tuple[Windows, Windows]:
        """The window's way down the rows, and along the columns."""
        _, height, width = maps_of(input_shape, "AvgPool2d")
        rows, columns = (
            pool_windows(
                size, self.kernel[axis], self.stride[axis], self.padding[axis], ceil_mode=self.ceil_mode
            )
            for axis, size in enumerate((height, width))
        )
        return rows, columns

    def output_shape(self, input_shape: Shape) -> MapShape:
        rows, columns = self.windows(input_shape)
        return input_shape[0], rows.positions, columns.positions

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class MaxPool1d:
    """As torch.nn.MaxPool1d, along a sequence (C, L)."""

    kernel: int
    stride: int
    padding: int = 0
    dilation: int = 1
    ceil_mode: bool = False

    @property
    def parameters(self) -> int:
        return 0

    def windows(self, input_shape: Shape) -> Windows:
        """The window's way along L."""
        _, length = sequence_of(input_shape, "MaxPool1d")
        return pool_windows(length, self.kernel, self.stride, self.padding, self.dilation, self.ceil_mode)

    def output_shape(self, input_shape: Shape) -> Pair:
        return input_shape[0], self.windows(input_shape).positions

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class AvgPool1d:
    """As torch.nn.AvgPool1d, along a sequence (C, L)."""

    kernel: int
    stride: int
    padding: int = 0
    ceil_mode: bool = False
    count_include_pad: bool = True

    @property
    def parameters(self) -> int:
        return 0

    def windows(self, input_shape: Shape) -> Windows:
        """The window's way along L."""
        _, length = sequence_of(input_shape, "AvgPool1d")
        return pool_windows(length, self.kernel, self.stride, self.padding, ceil_mode=self.ceil_mode)

    def output_shape(self, input_shape: Shape) -> Pair:
        return input_shape[0], self.windows(input_shape).positions

    def macs(self, input_shape: Shape) -> int:
        return 0


def pool_windows(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1, ceil_mode: bool = False
) -> Windows:
    """A pooling window's way along one axis.

    Raises:
        LayerError: as `Windows`, or the padding is more than half of the kernel.
    """
    check_window(kernel, stride, padding, dilation)
    if padding > kernel // 2:
        raise LayerError(
            "A pooling window could lie wholly in the padding.",
            expected=f"padding of at most {kernel // 2}, half of the kernel {kernel}",
            found=str(padding),
            fix="Lower the padding, or use a larger kernel.",
        )
    return Windows(size, kernel, stride, (padding, padding), dilation, ceil_mode)
