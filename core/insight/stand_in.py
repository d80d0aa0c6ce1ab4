"""A network to hook into and to differentiate, while the one it stands for is used by others."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


def stand_in(model: nn.Module) -> nn.Module:
    """Modules of their own on the weights of `model`, which lie in memory once and must not be changed.

    In eval mode, with no hooks and no gradients of weights: a pass through it keeps only what the gradients
    of activations need. Copied as `torch.nn.parallel.replicate` does.
    """
    return _copied(model, {})


def _copied(module: nn.Module, done: dict[nn.Module, nn.Module]) -> nn.Module:
    if module in done:
        return done[module]
    copy = done[module] = type(module).__new__(type(module))
    hooks: dict[str, OrderedDict] = {name: OrderedDict() for name in vars(module) if "_hooks" in name}
    copy.__dict__ = vars(module) | hooks
    copy._parameters = {
        name: None if weights is None else nn.Parameter(weights.detach(), requires_grad=False)
        for name, weights in module._parameters.items()
    }
    copy._buffers = dict(module._buffers)
    copy._modules = {
        name: None if child is None else _copied(child, done) for name, child in module._modules.items()
    }
    copy.training = False
    return copy


@contextmanager
def gradients() -> Iterator[None]:
    """Gradients can be taken inside, whatever was switched off outside."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def pictures_a_pass(x: torch.Tensor, *, at_224: int) -> int:
    """How many pictures of the size of `x` (1, C, H, W) take about the memory of `at_224` of 224 pixels."""
    return min(64, max(1, at_224 * 224 * 224 // (x.shape[2] * x.shape[3])))
