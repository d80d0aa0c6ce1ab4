"""Which weights of one CNN fit into another: those of the same name and shape. No torch."""

from dataclasses import dataclass
from math import prod

from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.shapes import Shape
from core.models.walk import Walk

FLOAT, COUNTER = 4, 8  # bytes


@dataclass(frozen=True)
class Transfer:
    """Layers by their modules' names, such as "conv2": those whose weights are taken over, and those that
    start afresh. Where a layer only gains a bias, `fresh` names that tensor: "conv2.bias".
    """

    taken: tuple[str, ...]
    fresh: tuple[str, ...]


def transfer(source: Walk, target: Walk) -> Transfer:
    """What `target` takes over from a trained `source`, as core.training.start does it."""
    given, own = state_shapes(source), state_shapes(target)
    fits = {name: given.get(name) == shape for name, shape in own.items()}
    taken: list[str] = []
    fresh: list[str] = []
    for name, fit in fits.items():
        layer, _, tensor = name.rpartition(".")
        if tensor == "weight":
            (taken if fit else fresh).append(layer)
        elif not fit and fits[f"{layer}.weight"]:
            fresh.append(name)
    return Transfer(tuple(taken), tuple(fresh))


def state_shapes(network: Walk) -> dict[str, Shape]:
    """Name and shape of every tensor in the network's state dict, in its order."""
    return {
        f"{row.name}.{tensor}": shape
        for row in network.rows
        if row.record is not None
        for tensor, shape in _tensors(row.record).items()
    }


def state_bytes(network: Walk) -> int:
    """Bytes of the tensors in the network's state dict."""
    return sum(prod(shape) * FLOAT if shape else COUNTER for shape in state_shapes(network).values())


def _tensors(layer: Layer) -> dict[str, Shape]:
    match layer:
        case Conv2d():
            kernel = (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel)
            return {"weight": kernel, **({"bias": (layer.out_channels,)} if layer.bias else {})}
        case BatchNorm2d():
            each = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (layer.channels,))
            return {**each, "num_batches_tracked": ()}
        case Linear():
            matrix = (layer.out_features, layer.in_features)
            return {"weight": matrix, **({"bias": (layer.out_features,)} if layer.bias else {})}
    return {}
