import pytest
import torch
from torch import nn, optim

from core.training.config import Optimizer, Schedule, TrainingConfig
from core.training.optimization import learning_rate, make_optimizer


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        (Optimizer.SGD, lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01)),
        (Optimizer.ADAM, lambda p: optim.Adam(p, lr=0.1, weight_decay=0.01)),
        (Optimizer.ADAMW, lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.01)),
    ],
)
def test_steps_equal_torchs_plain_form(kind: Optimizer, reference) -> None:
    ours, theirs = nn.Linear(5, 3), nn.Linear(5, 3)
    theirs.load_state_dict(ours.state_dict())
    training = TrainingConfig(optimizer=kind, learning_rate=0.1, weight_decay=0.01)
    optimizers = (make_optimizer(ours.parameters(), training), reference(theirs.parameters()))
    x = torch.randn(8, 5)
    for _ in range(5):
        for model, optimizer in zip((ours, theirs), optimizers, strict=True):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    assert torch.allclose(ours.weight, theirs.weight, atol=1e-6)


def test_schedules() -> None:
    cosine = TrainingConfig(learning_rate=0.1, schedule=Schedule.COSINE)
    rates = [learning_rate(cosine, step / 10) for step in range(11)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[5] == pytest.approx(0.0505)
    assert rates[10] == pytest.approx(0.001)
    assert rates == sorted(rates, reverse=True)
    assert learning_rate(TrainingConfig(learning_rate=0.1), 0.7) == 0.1
