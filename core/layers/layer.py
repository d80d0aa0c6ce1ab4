"""What every layer can answer about itself before a single weight exists."""

from typing import Protocol

from core.layers.shapes import Shape


class Layer(Protocol):
    """Arithmetic of one layer; shapes are (C, H, W) or (N,), without the batch."""

    @property
    def parameters(self) -> int:
        """Learnable numbers: weights and biases (no running statistics)."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape after the layer.

        Raises:
            LayerError: PyTorch would refuse to build the layer, or to run it on `input_shape`.
        """

    def macs(self, input_shape: Shape) -> int:
        """Multiply-accumulates for one picture; biases, normalization, pooling and activations count 0."""
