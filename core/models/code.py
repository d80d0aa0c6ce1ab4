"""A CNN as the PyTorch class that a student would write, whose state dict is the builder's own."""

from itertools import groupby

from core.layers.layer import Layer
from core.layers.residual import Residual
from core.layers.shapes import MapShape, Shape
from core.layers.torch_source import torch_source
from core.models.cnn_config import CnnConfig
from core.models.cnn_steps import Step, cnn_steps

RESIDUAL_CLASS = '''\
class Residual(nn.Module):
    """Adds what comes in (through `skip`) to what `main` makes of it."""

    def __init__(self, main, skip):
        super().__init__()
        self.main = main
        self.skip = skip

    def forward(self, x):
        return self.main(x) + self.skip(x)


'''


def model_source(config: CnnConfig, input_shape: MapShape, outputs: int, class_name: str = "CNN") -> str:
    """A complete module: the imports and the class.

    The class has the layers of `build_cnn` under the same names, made in the same order: one loads
    the other's state dict, and the same seed gives both the same weights.

    Raises:
        LayerError: the network can't be built.
    """
    imports = "from torch import nn\n"
    if any(block.residual for block in config.blocks):
        imports = "from collections import OrderedDict\n\n" + imports
    return f"{imports}\n\n{class_source(config, input_shape, outputs, class_name)}"


def class_source(config: CnnConfig, input_shape: MapShape, outputs: int, class_name: str = "CNN") -> str:
    """`model_source` without its imports, for a script that has them already."""
    steps = list(cnn_steps(config, input_shape, outputs))
    shape: Shape = input_shape
    layers = []
    for step in steps:
        shape = step.layer.output_shape(shape)
        layers.append(f"        self.{step.name} = {_layer_source(step.layer)}  # {_tuple(shape)}\n")
    parts = [_part_source(list(part)) for _, part in groupby(steps, key=lambda step: step.part)]
    needs_residual = any(isinstance(step.layer, Residual) for step in steps)
    return (
        (RESIDUAL_CLASS if needs_residual else "")
        + f"class {class_name}(nn.Module):\n"
        + f'    """Pictures (B, {_tuple(input_shape)[1:]} -> logits (B, {outputs})."""\n\n'
        + "    def __init__(self):\n        super().__init__()\n"
        + "".join(layers)
        + "\n    def forward(self, x):\n"
        + "".join(parts)
        + "        return x\n"
    )


def _layer_source(layer: Layer) -> str:
    if not isinstance(layer, Residual):
        return torch_source(layer)
    skip = _sequential_source(layer.skip) if layer.skip else "nn.Identity()"
    return (
        f"Residual(\n            main={_sequential_source(layer.main)},\n            skip={skip},\n        )"
    )


def _sequential_source(layers: tuple[tuple[str, Layer], ...]) -> str:
    named = "".join(f"                {name}={torch_source(layer)},\n" for name, layer in layers)
    return f"nn.Sequential(OrderedDict(\n{named}            ))"


def _part_source(steps: list[Step]) -> str:
    """One line of `forward`: the part's layers around each other, the first innermost."""
    inner = "x"
    for step in steps:
        inner = f"self.{step.name}({inner})"
    return f"        x = {inner}\n"


def _tuple(shape: Shape) -> str:
    return "(" + ", ".join(str(side) for side in shape) + ("," if len(shape) == 1 else "") + ")"
