"""x.view(-1, n) and the like, which say how many features a picture has to have."""

from dataclasses import dataclass
from math import prod

from core.errors import LayerError
from core.layers.shapes import Shape, shape_text


@dataclass(frozen=True)
class View:
    """x.view(-1, `in_features`): with any other number of values, pictures of the batch would be mixed."""

    in_features: int

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> Shape:
        values = prod(input_shape)
        if values != self.in_features:
            raise LayerError(
                f"view(-1, {self.in_features}) mixes the pictures of a batch, or fails.",
                expected=f"{self.in_features} values a picture",
                found=f"{values}, of {shape_text(input_shape)}",
                fix=f"Use view(x.size(0), -1), and make the next Linear take {values} features.",
            )
        return (self.in_features,)

    def macs(self, input_shape: Shape) -> int:
        return 0
