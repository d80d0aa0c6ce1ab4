"""A network built by hand: layers one after another, each made for what reaches it; no torch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation
from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.receptive import Reach, reach_after
from core.layers.shapes import Shape
from core.layers.torch_source import torch_source
from core.layers.transposed import ConvTranspose2d
from core.models.walk import LayerRow, Walk, layer_row

SHORT_NAMES: dict[type, str] = {
    Conv2d: "conv",
    ConvTranspose2d: "transposed",
    MaxPool2d: "pool",
    AvgPool2d: "pool",
    AdaptiveAvgPool2d: "average",
    BatchNorm2d: "norm",
    Activation: "activation",
}


def fitted(layer: Layer, shape: Shape) -> Layer:
    """`layer` made for what reaches it: the channels of `shape` (C, H, W), or its features (N,), come in."""
    match layer:
        case Conv2d() | ConvTranspose2d():
            return replace(layer, in_channels=shape[0])
        case BatchNorm2d():
            return replace(layer, channels=shape[0])
        case Linear():
            return replace(layer, in_features=shape[-1])
    return layer


def walk_layers(layers: Sequence[Layer], input_shape: Shape) -> Walk:
    """`layers` on pictures of `input_shape` (C, H, W), as far as they can be built; never raises."""
    rows: list[LayerRow] = []
    shape: Shape = input_shape
    reach: Reach | None = Reach()
    for layer, name in zip(layers, layer_names(layers), strict=True):
        layer = fitted(layer, shape)
        reach = reach_after(layer, reach, shape)
        row, error = layer_row(layer, shape, name=name, path=name, reach=reach)
        rows.append(row)
        if error is not None:
            return Walk(input_shape, tuple(rows), error)
        shape = row.output
    return Walk(input_shape, tuple(rows))


def layer_names(layers: Sequence[Layer]) -> list[str]:
    """A name for each of `layers`, counted by its kind: conv1, activation1, pool1, conv2 ..."""
    seen: Counter[str] = Counter()
    names = []
    for layer in layers:
        short = SHORT_NAMES.get(type(layer), type(layer).__name__.lower())
        seen[short] += 1
        names.append(f"{short}{seen[short]}")
    return names


def stack_source(layers: Sequence[Layer], input_shape: Shape) -> str:
    """`layers` as one nn.Sequential with its imports, each line with the shape that it puts out.

    Raises:
        LayerError: the network can't be built.
    """
    lines = []
    shape = input_shape
    for layer in layers:
        made = fitted(layer, shape)
        shape = made.output_shape(shape)
        lines.append(f"    {torch_source(made)},  # {shape}\n")
    return f"from torch import nn\n\nmodel = nn.Sequential(  # {input_shape}\n{''.join(lines)})\n"
