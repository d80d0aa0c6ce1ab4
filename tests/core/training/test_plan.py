"""What trains in each epoch, and rates held against torch.optim.lr_scheduler."""

from dataclasses import replace

import pytest
import torch
from torch import nn, optim

from core.models.cutting import cuttable
from core.training.config import Optimizer, Schedule, TrainingConfig, step_epochs
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.plan import MOMENTUM, FineTuning, Plan

EPOCHS, STEPS = 7, 5
HEAD_RATE, BACKBONE_RATE = 0.5, 0.02


class Network(nn.Sequential):
    """A stem, two blocks with batch norm and a slow momentum, and a head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 3)
        self.one = self.block()
        self.two = self.block()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(4, 2)

    @staticmethod
    def block() -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4, momentum=0.01), nn.ReLU())


def config(**settings) -> FineTuneConfig:
    training = TrainingConfig(
        epochs=EPOCHS,
        learning_rate=HEAD_RATE,
        optimizer=Optimizer.SGD,
        schedule=settings.pop("schedule", Schedule.CONSTANT),
    )
    given = FineTuneConfig("Run", "data", "split", ("a", "b"), "densenet121", training=training)
    return replace(given, backbone_rate=BACKBONE_RATE, **settings)


def plan_of(model: nn.Module, **settings) -> FineTuning:
    return FineTuning(config(**settings), cuttable(model, (3, 8, 8), "head").blocks)


def learning(model: nn.Module) -> set[str]:
    return {name.split(".")[0] for name, parameter in model.named_parameters() if parameter.requires_grad}


def in_training(model: nn.Module) -> set[str]:
    leaves = [(name, each) for name, each in model.named_modules() if not list(each.children())]
    return {name.split(".")[0] for name, each in leaves if each.training and list(each.parameters())}


def torch_scheduler(optimizer: optim.Optimizer, schedule: Schedule, warm_up: int):
    """The same schedule of torch's own parts, a step a batch."""
    left = EPOCHS - warm_up
    after = {
        Schedule.CONSTANT: lambda: optim.lr_scheduler.ConstantLR(optimizer, 1.0),
        Schedule.COSINE: lambda: optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda step: (
                0.01 + 0.99 * (1 + torch.cos(torch.tensor(torch.pi * step / (left * STEPS))).item()) / 2
            ),
        ),
        Schedule.STEP: lambda: optim.lr_scheduler.StepLR(optimizer, step_epochs(left) * STEPS, 0.1),
    }[schedule]()
    if not warm_up:
        return after
    rising = optim.lr_scheduler.LinearLR(optimizer, 0.01, 1.0, warm_up * STEPS)
    return optim.lr_scheduler.SequentialLR(optimizer, [rising, after], [warm_up * STEPS])


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
@pytest.mark.parametrize("warm_up", [0, 1, 3])
@pytest.mark.parametrize("schedule", list(Schedule))
def test_rates_are_those_of_torchs_schedulers(schedule: Schedule, warm_up: int) -> None:
    model = Network()
    plan = plan_of(model, trains=Trains.BLOCKS, schedule=schedule, warm_up=warm_up)
    ours, theirs = plan.optimizer(model), plan.optimizer(model)
    theirs.param_groups[1]["lr"] = BACKBONE_RATE
    scheduler = torch_scheduler(theirs, schedule, warm_up)
    for step in range(EPOCHS * STEPS):
        epoch, batch = divmod(step, STEPS)
        plan.set_rates(ours, (epoch + batch / STEPS) / EPOCHS)
        expected = [group["lr"] for group in theirs.param_groups]
        assert [group["lr"] for group in ours.param_groups] == pytest.approx(expected, rel=1e-5), step
        scheduler.step()


def test_cosine_equals_torchs_with_its_floor_at_one_percent() -> None:
    model = Network()
    plan = plan_of(model, schedule=Schedule.COSINE)
    ours, theirs = plan.optimizer(model), plan.optimizer(model)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(theirs, EPOCHS * STEPS, eta_min=0.01 * HEAD_RATE)
    for step in range(EPOCHS * STEPS):
        plan.set_rates(ours, step / (EPOCHS * STEPS))
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-6)
        theirs.step()
        scheduler.step()


@pytest.mark.parametrize(
    ("trains", "expected"),
    [
        (Trains.HEAD, {"head"}),
        (Trains.BLOCKS, {"two", "head"}),
        (Trains.ALL, {"stem", "one", "two", "head"}),
    ],
)
def test_what_is_frozen_has_no_gradients_and_is_in_evaluation_mode(
    trains: Trains, expected: set[str]
) -> None:
    model = Network()
    plan_of(model, trains=trains).begin_epoch(model, 1)
    assert learning(model) == in_training(model) == expected
    assert model.dropout.training


def test_batch_norm_of_frozen_layers_stays_as_it_is_while_later_blocks_train() -> None:
    model = Network()
    plan = plan_of(model, trains=Trains.BLOCKS)
    optimizer = plan.optimizer(model)
    plan.begin_epoch(model, 1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(8, 3, 8, 8)).square().mean().backward()
        optimizer.step()
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in changed} == {"two", "head"}
    assert "two.1.running_mean" in changed


def test_blocks_are_unfrozen_one_after_another() -> None:
    model = Network()
    plan = plan_of(model, trains=Trains.ALL, unfreeze_every=2)
    seen = []
    for epoch in (1, 2, 3, 5, 7):
        plan.begin_epoch(model, epoch)
        assert learning(model) == in_training(model)
        seen.append(len(learning(model)))
    assert seen == [1, 1, 2, 3, 4]


def test_groups_hold_what_ever_trains_each_once_with_its_rate() -> None:
    model = Network()
    plan = plan_of(model, trains=Trains.BLOCKS, unfreeze_every=1)
    optimizer = plan.optimizer(model)
    plan.set_rates(optimizer, 0.5)
    head, backbone = optimizer.param_groups
    assert (head["lr"], backbone["lr"]) == (HEAD_RATE, BACKBONE_RATE)
    assert [id(each) for each in head["params"]] == [id(each) for each in model.head.parameters()]
    assert [id(each) for each in backbone["params"]] == [id(each) for each in model.two.parameters()]
    assert len(plan_of(model).optimizer(model).param_groups) == 1


@pytest.mark.parametrize("kind", list(Optimizer))
def test_every_optimizer_takes_blocks_that_begin_later(kind: Optimizer) -> None:
    model = Network()
    given = config(trains=Trains.ALL, unfreeze_every=1)
    plan = FineTuning(
        replace(given, training=replace(given.training, optimizer=kind)),
        cuttable(model, (3, 8, 8), "head").blocks,
    )
    optimizer, before = plan.optimizer(model), model.stem.weight.clone()
    for epoch in range(1, 6):
        plan.begin_epoch(model, epoch)
        plan.set_rates(optimizer, epoch / EPOCHS)
        optimizer.zero_grad()
        model(torch.randn(8, 3, 8, 8)).square().mean().backward()
        optimizer.step()
        assert torch.equal(model.stem.weight, before) == (epoch < 4)


def test_statistics_that_train_learn_at_torchs_pace_and_frozen_ones_keep_theirs() -> None:
    model = Network()
    plan_of(model, trains=Trains.BLOCKS).begin_epoch(model, 1)
    assert (model.one[1].momentum, model.two[1].momentum) == (0.01, MOMENTUM)


def test_the_plain_plan_trains_all_of_it() -> None:
    model = Network().eval()
    plan = Plan(TrainingConfig(epochs=2, learning_rate=0.1, schedule=Schedule.STEP))
    plan.begin_epoch(model, 1)
    assert in_training(model) == learning(model) == {"stem", "one", "two", "head"}
    optimizer = plan.optimizer(model)
    plan.set_rates(optimizer, 0.5)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
