"""Batch normalization of maps, as torch.nn.BatchNorm2d."""

from dataclasses import dataclass

from core.layers.shapes import MapShape, Shape, maps_of


@dataclass(frozen=True)
class BatchNorm2d:
    channels: int

    @property
    def parameters(self) -> int:
        """A scale and a shift a channel; the running mean and variance aren't learned by gradient."""
        return 2 * self.channels

    def output_shape(self, input_shape: Shape) -> MapShape:
        return maps_of(input_shape, "BatchNorm2d", self.channels)

    def macs(self, input_shape: Shape) -> int:
        return 0
