"""Which pixels speak for a class (guided backpropagation, Springenberg et al. 2015)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.insight.stand_in import gradients, stand_in
from core.insight.target import class_score

NO_CEILING = float("inf")
RELUS = {  # the call: (whether it writes into its argument, its largest value)
    torch.relu: (False, NO_CEILING),
    Tensor.relu: (False, NO_CEILING),
    torch.relu_: (True, NO_CEILING),
    Tensor.relu_: (True, NO_CEILING),
    F.relu: (False, NO_CEILING),
    F.relu6: (False, 6.0),
}
OTHERS = {
    "gelu": "GELU",
    "silu": "SiLU",
    "hardswish": "Hardswish",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "mish": "Mish",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "hardsigmoid": "Hardsigmoid",
}


@dataclass(frozen=True)
class Guided:
    """`values` (H, W) are the sums over the channels. `relus` counts the calls that were guided, and
    `others` names the activations that were not, for they are not ReLUs.
    """

    score: float
    values: np.ndarray
    relus: int
    others: tuple[str, ...]


def guided_backpropagation(model: nn.Module, x: Tensor, target: int, *, single_logit: bool) -> Guided:
    """d score / d pixel for the picture `x`, float32 (1, C, H, W), where every ReLU lets only positive
    gradients through; of modules or functions, in place or not.

    Raises:
        ConfigError: there is no such class.
    """
    network = stand_in(model)
    with gradients():
        picture = x.detach().clone().requires_grad_()
        with _GuidedReLUs() as mode:
            # a network may begin with an operation in place, which no leaf allows
            score = class_score(network(picture.clone()), target, single_logit=single_logit).sum()
        (gradient,) = torch.autograd.grad(score, picture)
    return Guided(score.item(), gradient[0].sum(0).numpy(), mode.relus, tuple(mode.others))


class _GuidedReLU(torch.autograd.Function):
    """min(max(x, 0), ceiling), whose gradient passes where it is positive and the ReLU is neither at 0 nor
    at its ceiling."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float, inplace: bool) -> Tensor:
        if inplace:
            ctx.mark_dirty(x)
            output = x.clamp_(0, ceiling)
        else:
            output = x.clamp(0, ceiling)
        ctx.save_for_backward((output > 0) & (output < ceiling))
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (passes,) = ctx.saved_tensors
        return gradients[0].clamp_min(0) * passes, None, None


class _GuidedReLUs(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.relus = 0
        self.others: dict[str, None] = {}  # in the order of their first call

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        relu = _relu_of(func, args, kwargs or {})
        if relu is not None:
            inplace, ceiling = relu
            self.relus += 1
            return _GuidedReLU.apply(_input_of(args, kwargs or {}), ceiling, inplace)
        if (name := getattr(func, "__name__", "").rstrip("_")) in OTHERS:
            self.others[OTHERS[name]] = None
        return func(*args, **(kwargs or {}))


def _relu_of(func: Callable, args: tuple, kwargs: dict[str, Any]) -> tuple[bool, float] | None:
    """(in place, largest value) of a call that is a ReLU; None for others."""
    if func in RELUS:
        inplace, ceiling = RELUS[func]
        return inplace or bool(kwargs.get("inplace", args[1] if len(args) > 1 else False)), ceiling
    if func is F.hardtanh:  # what nn.ReLU6 calls
        low, high, inplace = (
            kwargs.get(name, args[position] if len(args) > position else default)
            for position, (name, default) in enumerate(
                (("min_val", -1.0), ("max_val", 1.0), ("inplace", False)), start=1
            )
        )
        return (bool(inplace), float(high)) if low == 0 else None
    return None


def _input_of(args: tuple, kwargs: dict[str, Any]) -> Tensor:
    return args[0] if args else kwargs["input"]
