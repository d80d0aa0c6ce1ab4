"""Optimizer and learning-rate schedule of a run."""

import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn, optim

from core.training.config import Optimizer, Schedule, TrainingConfig, step_epochs

FLOOR = 0.01  # of the full rate: where warm-up begins and cosine ends
STEP = 0.1
ROUNDING = 1e-9


def skip_the_compiler() -> None:
    """Let optimizers be made without torch's compiler, whose import takes a second and a half.

    Methods of `Optimizer` that the compiler must not look into import it when they are first called, to
    have themselves left alone. Where nothing is compiled they may as well run as they are; a torch that
    does this in another way is not changed by it.
    """
    for method in vars(optim.Optimizer).values():
        plain = getattr(method, "__wrapped__", None)
        if plain is not None and not hasattr(plain, "__dynamo_disable"):
            plain.__dynamo_disable = plain


def plain_step(optimizer: optim.Optimizer) -> Callable[[], None]:
    """`optimizer.step` without its wrappers, one of which imports torch's compiler."""
    step = inspect.unwrap(type(optimizer).step)

    def without_gradients() -> None:
        with torch.no_grad():
            step(optimizer)

    return without_gradients


def make_optimizer(
    parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]], training: TrainingConfig
) -> optim.Optimizer:
    """SGD with momentum, Adam or AdamW, in PyTorch's fused form; groups may bring rates of their own."""
    lr, decay = training.learning_rate, training.weight_decay
    if training.optimizer is Optimizer.SGD:
        return optim.SGD(parameters, lr=lr, momentum=training.momentum, weight_decay=decay, fused=True)
    kind = optim.Adam if training.optimizer is Optimizer.ADAM else optim.AdamW
    return kind(parameters, lr=lr, weight_decay=decay, fused=True)


def learning_rate(training: TrainingConfig, progress: float) -> float:
    """The rate at `progress` in [0, 1] through the run."""
    return training.learning_rate * rate_factor(training, progress)


def rate_factor(training: TrainingConfig, progress: float, *, warm_up: int = 0) -> float:
    """The share of the full rate at `progress` in [0, 1] through the run.

    It rises evenly from 1 % in the `warm_up` epochs. Then cosine falls to 1 %, and step to a tenth after
    each third of the epochs that are left.
    """
    share = warm_up / training.epochs
    if progress < share:
        return FLOOR + (1 - FLOOR) * progress / share
    after = (progress - share) / (1 - share)
    match training.schedule:
        case Schedule.CONSTANT:
            return 1.0
        case Schedule.COSINE:
            return FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * after)) / 2
        case Schedule.STEP:
            left = training.epochs - warm_up
            return STEP ** math.floor(after * left / step_epochs(left) + ROUNDING)
