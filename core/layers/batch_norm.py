"""Batch normalization, as torch.nn.BatchNorm2d and BatchNorm1d."""

from dataclasses import dataclass

from core.errors import LayerError
from core.layers.shapes import MapShape, Shape, check_channels_of, maps_of, shape_text
from core.layers.windows import check_least


@dataclass(frozen=True)
class BatchNorm2d:
    """Each channel of the maps (C, H, W) to mean 0 and variance 1, then scaled and shifted if `affine`."""

    channels: int
    affine: bool = True

    @property
    def parameters(self) -> int:
        """A scale and a shift a channel; the running mean and variance aren't learned by gradient."""
        return 2 * self.channels * self.affine

    def output_shape(self, input_shape: Shape) -> MapShape:
        check_least("number of channels", self.channels, 1)
        return maps_of(input_shape, "BatchNorm2d", self.channels)

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class BatchNorm1d:
    """As BatchNorm2d, for vectors (N,) and sequences (C, L)."""

    channels: int
    affine: bool = True

    @property
    def parameters(self) -> int:
        return 2 * self.channels * self.affine

    def output_shape(self, input_shape: Shape) -> Shape:
        check_least("number of channels", self.channels, 1)
        if len(input_shape) > 2:
            raise LayerError(
                "BatchNorm1d works on vectors and sequences, and a map reaches it.",
                expected="(N,) or (C, L)",
                found=shape_text(input_shape),
                fix="Use BatchNorm2d here.",
            )
        check_channels_of(input_shape, "BatchNorm1d", self.channels)
        return input_shape

    def macs(self, input_shape: Shape) -> int:
        return 0
