"""Pooling: a window that keeps the largest or the mean value, and the mean over a whole map."""

from dataclasses import dataclass

from core.errors import LayerError
from core.layers.shapes import MapShape, Pair, Shape, maps_of
from core.layers.windows import output_size


@dataclass(frozen=True)
class MaxPool2d:
    """As torch.nn.MaxPool2d; sizes are (rows, columns) in pixels."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> MapShape:
        return pooled_shape(input_shape, "MaxPool2d", self.kernel, self.stride, self.padding, self.dilation)

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class AvgPool2d:
    """As torch.nn.AvgPool2d; sizes are (rows, columns) in pixels."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> MapShape:
        return pooled_shape(input_shape, "AvgPool2d", self.kernel, self.stride, self.padding, (1, 1))

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class AdaptiveAvgPool2d:
    """Averages each map down to `output` (rows, columns); (1, 1) is global average pooling."""

    output: Pair = (1, 1)

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> MapShape:
        channels, _, _ = maps_of(input_shape, "AdaptiveAvgPool2d")
        return channels, *self.output

    def macs(self, input_shape: Shape) -> int:
        return 0


def pooled_shape(
    input_shape: Shape, layer: str, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> MapShape:
    """(C, H', W') with both sides by `windows.output_size`.

    Raises:
        LayerError: as there, or the padding is more than half of the kernel.
    """
    channels, height, width = maps_of(input_shape, layer)
    for window, pad in zip(kernel, padding, strict=True):
        if pad > window // 2:
            raise LayerError(
                "A pooling window could lie wholly in the padding.",
                expected=f"padding of at most {window // 2}, half of the kernel {window}",
                found=str(pad),
                fix="Lower the padding, or use a larger kernel.",
            )
    rows, columns = (
        output_size(size, kernel[axis], stride[axis], padding[axis], dilation[axis])
        for axis, size in enumerate((height, width))
    )
    return channels, rows, columns
