"""Whether an explanation depends on what was learned: the same network with weights drawn anew.

After Adebayo et al. 2018, "Sanity checks for saliency maps": a map that hardly changes when the weights
are random shows the picture, and not what the network has learned.
"""

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from core.insight.stand_in import stand_in
from core.models.drawing import DrawnFrom


def randomized(model: nn.Module, seed: int, x: Tensor) -> nn.Module:
    """A copy of `model` in eval mode with all weights drawn anew, as PyTorch draws them for a new network.

    Parameters that no layer of PyTorch draws get the mean and standard deviation that they had. Batch norm's
    statistics are taken anew from `x`, float32 (B, C, H, W), and its mirror images: those of the old weights
    don't fit the new activations, which would fade away, or be swamped, from layer to layer.
    """
    network = deepcopy(stand_in(model))
    with torch.no_grad(), DrawnFrom(seed):
        for module in network.modules():
            _draw(module)
    _take_statistics(network, x)
    return network


def similarity(a: np.ndarray, b: np.ndarray) -> float | None:
    """Spearman's rank correlation, in -1..1, of two maps' absolute values; None where one is constant.

    Both are (H, W).
    """
    first, second = _ranks(np.abs(a)), _ranks(np.abs(b))
    first, second = first - first.mean(), second - second.mean()
    spread = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / spread) if spread else None


def _draw(module: nn.Module) -> None:
    if callable(reset := getattr(module, "reset_parameters", None)):
        reset()
        return
    for weights in module.parameters(recurse=False):
        weights.normal_(weights.mean().item(), weights.std(correction=0).item())


def _take_statistics(network: nn.Module, x: Tensor) -> None:
    norms = [
        module
        for module in network.modules()
        if isinstance(module, _BatchNorm) and module.track_running_stats
    ]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # nothing is kept of the statistics before
        norm.train()
    with torch.inference_mode(False), torch.no_grad():
        views = torch.cat([x, x.flip(3), x.flip(2), x.flip(2, 3)])
        network(views)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def _ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value, equal ones sharing their mean rank."""
    _, position, times = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(times) - (times - 1) / 2)[position.ravel()]
