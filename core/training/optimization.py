"""Optimizer and learning-rate schedule of a run."""

import inspect
import math
from collections.abc import Callable, Iterable

import torch
from torch import nn, optim

from core.training.config import Optimizer, Schedule, TrainingConfig


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


def make_optimizer(parameters: Iterable[nn.Parameter], training: TrainingConfig) -> optim.Optimizer:
    """SGD with momentum, Adam or AdamW, in PyTorch's fused form."""
    lr, decay = training.learning_rate, training.weight_decay
    if training.optimizer is Optimizer.SGD:
        return optim.SGD(parameters, lr=lr, momentum=training.momentum, weight_decay=decay, fused=True)
    kind = optim.Adam if training.optimizer is Optimizer.ADAM else optim.AdamW
    return kind(parameters, lr=lr, weight_decay=decay, fused=True)


def learning_rate(training: TrainingConfig, progress: float) -> float:
    """The rate at `progress` in [0, 1] through the run; cosine falls from the full rate to 1 % of it."""
    if training.schedule is Schedule.CONSTANT:
        return training.learning_rate
    floor = 0.01
    return training.learning_rate * (floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
