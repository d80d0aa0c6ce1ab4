from dataclasses import replace

import pytest
import torch
from torch import nn

from core.training.config import Precision, TrainingConfig
from core.training.divergence import is_finite, loss_not_finite
from core.training.execution import Execution

PLAIN = Execution("cpu", Precision.FLOAT32, True, 1, 8)


@pytest.mark.parametrize(
    ("execution", "second"),
    [
        (PLAIN, "(2) the maps grow from layer to layer: switch batch norm on where it is off"),
        (
            replace(PLAIN, precision=Precision.BFLOAT16),
            "(2) the sums are too large for bfloat16: choose float32",
        ),
    ],
)
def test_three_causes_are_named_each_with_its_way_out(execution: Execution, second: str) -> None:
    error = loss_not_finite(7, TrainingConfig(learning_rate=0.5), execution)
    assert "in epoch 7" in error.problem
    causes = [
        error.fix.index(words) for words in ("(1) the learning rate of 0.5", second, "(3) pictures or labels")
    ]
    assert causes == sorted(causes)
    assert "try 0.05, or bound the gradient" in error.fix
    assert "last good checkpoint" in error.fix


def test_who_bounds_the_gradient_already_is_not_told_to() -> None:
    error = loss_not_finite(1, TrainingConfig(gradient_clip=1.0), PLAIN)
    assert "bound the gradient" not in error.fix


@pytest.mark.parametrize("value", [torch.inf, -torch.inf, torch.nan])
@pytest.mark.parametrize("index", range(4))
def test_one_weight_that_is_no_number_is_found(value: float, index: int) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(4, 2))
    assert is_finite(model)
    with torch.no_grad():
        list(model.parameters())[index].view(-1)[-1] = value
    assert not is_finite(model)
