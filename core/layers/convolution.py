"""Two-dimensional convolution: output size, parameters and MACs, as torch.nn.Conv2d."""

from dataclasses import dataclass
from typing import Literal

from core.errors import LayerError
from core.layers.shapes import MapShape, Pair, Shape, maps_of
from core.layers.windows import check_window, output_size


@dataclass(frozen=True)
class Conv2d:
    """Sizes are (rows, columns) in pixels; padding "same" keeps the map's size, at stride 1 only."""

    in_channels: int
    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair | Literal["same"] = (0, 0)
    dilation: Pair = (1, 1)
    bias: bool = True

    @property
    def weights_per_filter(self) -> int:
        """Numbers in one filter: C_in x k_h x k_w."""
        return self.in_channels * self.kernel[0] * self.kernel[1]

    @property
    def parameters(self) -> int:
        """C_out x (C_in x k_h x k_w + 1), the 1 for the bias."""
        return self.out_channels * (self.weights_per_filter + self.bias)

    def output_shape(self, input_shape: Shape) -> MapShape:
        """(C_out, H', W') with both sides by `windows.output_size`."""
        _, height, width = maps_of(input_shape, "Conv2d", self.in_channels)
        if self.padding == "same":
            self._check_same()
            return self.out_channels, height, width
        rows, columns = (
            output_size(size, self.kernel[axis], self.stride[axis], self.padding[axis], self.dilation[axis])
            for axis, size in enumerate((height, width))
        )
        return self.out_channels, rows, columns

    def macs(self, input_shape: Shape) -> int:
        """C_out x H' x W' x (C_in x k_h x k_w)."""
        channels, height, width = self.output_shape(input_shape)
        return channels * height * width * self.weights_per_filter

    def _check_same(self) -> None:
        for kernel, stride, dilation in zip(self.kernel, self.stride, self.dilation, strict=True):
            check_window(kernel, stride, 0, dilation)
        if self.stride != (1, 1):
            raise LayerError(
                'Padding "same" can\'t be had with a stride.',
                expected="stride 1",
                found=f"stride {max(self.stride)}",
                fix="Set the stride to 1, or give the padding as a number.",
            )
