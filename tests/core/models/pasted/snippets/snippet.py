"""A piece of code as people paste it, and the real module that PyTorch makes of it."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from core.layers.shapes import Shape


@dataclass(frozen=True)
class Snippet:
    """`shape` is (C, H, W) or (C, L) of what goes in."""

    shape: Shape
    source: str


@dataclass(frozen=True)
class Real:
    """What PyTorch gives: each layer's output shape by its name, and the output's, without the batch."""

    layers: dict[str, Shape]
    parameters: int
    called: int  # parameters of the modules that forward calls
    output: Shape


def run_really(snippet: Snippet, name: str) -> Real:
    """Runs the code, which is our own, on the meta device, and its network `name` on two pictures."""
    space: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional, "__name__": "__main__"}
    space["summary"] = lambda *_, **__: None
    with torch.device("meta"):
        exec(compile(snippet.source, "snippet", "exec"), space)
        network = _network(space, snippet.source, name)
        network.eval()
        return _traced(network, snippet.shape)


def _network(space: dict[str, Any], source: str, name: str) -> nn.Module:
    made = space.get(name)
    if made is None:  # a bare expression
        return eval(source.strip(), space)
    return made if isinstance(made, nn.Module) else made()


def _traced(network: nn.Module, shape: Shape) -> Real:
    layers: dict[str, Shape] = {}
    met: dict[int, int] = {}

    def keep(name: str, module: nn.Module, output: torch.Tensor) -> None:
        if type(module).__module__.startswith("torch.nn") and not isinstance(module, nn.Sequential):
            layers[name] = tuple(output.shape[1:])
        met.update({id(weight): weight.numel() for weight in module.parameters(recurse=False)})

    for name, module in network.named_modules():
        module.register_forward_hook(lambda module, _, output, name=name: keep(name, module, output))
    output = network(torch.zeros(2, *shape))
    first = output[0] if isinstance(output, tuple | list) else output
    parameters = sum(weight.numel() for weight in network.parameters())
    return Real(layers, parameters, sum(met.values()), tuple(first.shape[1:]))
