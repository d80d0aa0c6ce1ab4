"""A residual connection, which adds what comes in to what it computed (He et al. 2016)."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import LayerError
from core.layers.layer import Layer
from core.layers.shapes import Shape, shape_text


@dataclass(frozen=True)
class Residual:
    """main(x) + skip(x); an empty skip is the identity. Layers carry the names of their modules."""

    main: tuple[tuple[str, Layer], ...]
    skip: tuple[tuple[str, Layer], ...] = ()

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for _, layer in (*self.main, *self.skip))

    def output_shape(self, input_shape: Shape) -> Shape:
        main, skip = chain_shape(self.main, input_shape), chain_shape(self.skip, input_shape)
        if main != skip:
            raise LayerError(
                "The two sides of the residual connection can't be added.",
                expected=f"{shape_text(skip)}, the shape on the skip side",
                found=f"{shape_text(main)} after the convolution",
                fix="Use an odd kernel with padding dilation × (kernel - 1) / 2, which keeps the size.",
            )
        return main

    def macs(self, input_shape: Shape) -> int:
        return chain_macs(self.main, input_shape) + chain_macs(self.skip, input_shape)


def chain_shape(layers: Iterable[tuple[str, Layer]], shape: Shape) -> Shape:
    """Shape after all of `layers`, one after another."""
    for _, layer in layers:
        shape = layer.output_shape(shape)
    return shape


def chain_macs(layers: Iterable[tuple[str, Layer]], shape: Shape) -> int:
    """MACs of all of `layers`, one after another."""
    total = 0
    for _, layer in layers:
        total += layer.macs(shape)
        shape = layer.output_shape(shape)
    return total
