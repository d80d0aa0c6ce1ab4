"""Layers that leave every shape as it is and learn nothing: activations and dropout."""

from dataclasses import dataclass

from core.errors import LayerError
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
    """In training, each value is set to 0 with `probability` and the others grow to make up for it.

    `function` is the name of the class in torch.nn: "Dropout", or "Dropout2d" for whole channels ...
    """

    probability: float = 0.5
    function: str = "Dropout"

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> Shape:
        if not 0 <= self.probability <= 1:
            raise LayerError(
                "A probability can't be outside 0 to 1.",
                expected="0 to 1",
                found=f"{self.probability:g}",
                fix="Set the dropout to a share, such as 0.5 for half of the values.",
            )
        return input_shape

    def macs(self, input_shape: Shape) -> int:
        return 0
