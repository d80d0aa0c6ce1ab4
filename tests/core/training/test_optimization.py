import pytest
import torch
from torch import nn, optim

from core.training.config import Optimizer, Schedule, TrainingConfig
from core.training.optimization import learning_rate, make_optimizer, plain_step


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


@pytest.mark.parametrize("kind", list(Optimizer))
def test_a_step_without_its_wrappers_is_the_step(kind: Optimizer) -> None:
    ours, theirs = nn.Linear(5, 3), nn.Linear(5, 3)
    theirs.load_state_dict(ours.state_dict())
    training = TrainingConfig(optimizer=kind, learning_rate=0.1, weight_decay=0.01)
    optimizers = [make_optimizer(model.parameters(), training) for model in (ours, theirs)]
    steps = (plain_step(optimizers[0]), optimizers[1].step)
    x = torch.randn(8, 5)
    for _ in range(3):
        for model, step in zip((ours, theirs), steps, strict=True):
            model.zero_grad()
            model(x).square().mean().backward()
            step()
    assert torch.equal(ours.weight, theirs.weight)
    states = [optimizer.state_dict()["state"] for optimizer in optimizers]
    for index in (0, 1):
        assert states[0][index].keys() == states[1][index].keys()
        assert all(torch.equal(value, states[1][index][name]) for name, value in states[0][index].items())
