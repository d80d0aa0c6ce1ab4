"""A loss that is no longer a number: stop before it spoils what was learned, and say what is behind it."""

import torch
from torch import nn

from core.errors import WorkbenchError
from core.training.config import Precision, TrainingConfig
from core.training.execution import Execution


class LossNotFinite(WorkbenchError):
    """The loss became infinite or not a number."""


def loss_not_finite(epoch: int, training: TrainingConfig, execution: Execution) -> LossNotFinite:
    """The three causes that are likeliest, each with its way out."""
    rate = training.learning_rate
    clip = "" if training.gradient_clip else ", or bound the gradient (Training, Longest gradient)"
    numbers = (
        "the sums are too large for bfloat16: choose float32"
        if execution.precision is Precision.BFLOAT16
        else "the maps grow from layer to layer: switch batch norm on where it is off"
    )
    return LossNotFinite(
        f"The loss is no longer a finite number in epoch {epoch}.",
        expected="a loss that falls, or at least stays finite",
        fix=f"Likely causes: (1) the learning rate of {rate:g} is too high: try {rate / 10:g}{clip}; "
        f"(2) {numbers}; (3) pictures or labels that are wrong: look at the data set's report. "
        "The run stands at its last good checkpoint, and its best epoch is kept.",
    )


def is_finite(model: nn.Module) -> bool:
    """Whether every weight is a finite number."""
    with torch.no_grad():
        return bool(torch.stack([parameter.isfinite().all() for parameter in model.parameters()]).all())
