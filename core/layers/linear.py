"""Flattening and the linear layer, as torch.nn.Flatten and torch.nn.Linear."""

from dataclasses import dataclass
from math import prod

from core.errors import LayerError
from core.layers.shapes import Shape, shape_text
from core.layers.windows import check_least


@dataclass(frozen=True)
class Flatten:
    """(C, H, W) -> (C x H x W,), rows after rows."""

    @property
    def parameters(self) -> int:
        return 0

    def output_shape(self, input_shape: Shape) -> tuple[int]:
        return (prod(input_shape),)

    def macs(self, input_shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Linear:
    in_features: int
    out_features: int
    bias: bool = True

    @property
    def parameters(self) -> int:
        """N_out x (N_in + 1), the 1 for the bias."""
        return self.out_features * (self.in_features + self.bias)

    def output_shape(self, input_shape: Shape) -> Shape:
        check_least("number of output features", self.out_features, 1)
        if input_shape[-1] != self.in_features:
            raise LayerError(
                "The linear layer is made for another number of features.",
                expected=f"{self.in_features} features",
                found=f"{input_shape[-1]}, of {shape_text(input_shape)}",
                fix=self._fix(input_shape),
            )
        return *input_shape[:-1], self.out_features

    def _fix(self, input_shape: Shape) -> str:
        """What to do where the features differ; of maps, it is mostly the flattening that is missing."""
        if len(input_shape) == 3:
            values = prod(input_shape)
            made = "" if values == self.in_features else f", and use Linear({values}, {self.out_features})"
            return f"Flatten the maps before it, torch.flatten(x, 1){made}."
        return f"Use Linear({input_shape[-1]}, {self.out_features}), or change what comes before it."

    def macs(self, input_shape: Shape) -> int:
        """N_in x N_out, for each vector along the last axis."""
        return prod(self.output_shape(input_shape)) * self.in_features
