"""Which places of a layer's maps speak for a class (Grad-CAM, Selvaraju et al. 2017)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import InsightError
from core.insight.stand_in import gradients, stand_in
from core.insight.target import class_score


@dataclass(frozen=True)
class GradCam:
    """`coarse` (h, w) is the weighted sum of the layer's channels, with its negative values.

    `values` (H, W) are its positive part, interpolated bilinearly to the size of the picture.
    """

    score: float
    coarse: np.ndarray
    values: np.ndarray


def grad_cam(model: nn.Module, x: Tensor, target: int, layer: str, *, single_logit: bool) -> GradCam:
    """Map of class `target` for the picture `x`, float32 (1, C, H, W), at the last call of module `layer`.

    A channel's weight is the mean over all places of d score / d activation.

    Raises:
        InsightError: there is no such layer, it puts out no maps, or the score does not depend on them.
        ConfigError: there is no such class.
    """
    network = stand_in(model)
    cut = _Cut(layer)
    layer_of(network, layer).register_forward_hook(cut)
    with gradients():
        score = class_score(network(x.detach().clone()), target, single_logit=single_logit).sum()
        gradient = cut.gradient_of(score)
    weights = gradient.double().mean((2, 3), keepdim=True)
    coarse = (weights * cut.activation.detach().double()).sum(1, keepdim=True).float()
    values = F.interpolate(coarse.relu(), x.shape[2:], mode="bilinear", align_corners=False)
    return GradCam(score.item(), coarse[0, 0].numpy(), values[0, 0].numpy())


def layer_of(network: nn.Module, name: str) -> nn.Module:
    """The module `name` of `network`; of a ModuleList, which is never called itself, the last one.

    Raises:
        InsightError: there is none.
    """
    module = dict(network.named_modules()).get(name)
    if not name or module is None:
        raise InsightError(
            "Grad-CAM needs a layer of the network.",
            expected="the name of a module",
            found=name or "no name",
            fix="Choose a layer of the list.",
        )
    while isinstance(module, nn.ModuleList):
        module = module[-1]
    return module


class _Cut:
    """A forward hook that parts the network behind a module.

    The rest of the network gets a copy of the activation: what it changes in place is not what is
    differentiated. The activation is a leaf, so nothing is kept of the network before it.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self.activation = torch.empty(0)

    def __call__(self, module: nn.Module, args: tuple, output: object) -> Tensor:
        if not isinstance(output, Tensor) or output.dim() != 4:
            raise InsightError(
                f"{self.layer} puts out no maps, which Grad-CAM is made of.",
                expected="(B, C, H, W)",
                found=str(tuple(output.shape)) if isinstance(output, Tensor) else type(output).__name__,
                fix="Choose a convolution or a block of convolutions.",
            )
        self.activation = output.detach().clone().requires_grad_()
        return self.activation.clone()

    def gradient_of(self, score: Tensor) -> Tensor:
        """d score / d activation (1, C, h, w)."""
        if self.activation.requires_grad and score.requires_grad:
            (gradient,) = torch.autograd.grad(score, self.activation, allow_unused=True)
            if gradient is not None:
                return gradient
        raise InsightError(
            f"The score does not depend on {self.layer} for this picture.",
            fix="Choose a layer on the way from the picture to the logits.",
        )
