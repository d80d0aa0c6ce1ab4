"""Layers that leave every shape as it is and learn nothing: activations and dropout."""

from dataclasses import dataclass

from core.layers.shapes import Shape


@dataclass(frozen=True)
class Activation:
    """`function` is the name of the class in torch.nn: "ReLU", "Tanh" ..."""

    function: str

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Dropout:
    """In training, each value is set to 0 with `probability` and the others grow to make up for it."""

    probability: float

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def macs(self, input_shape: Shape) -> int:
        return 0
