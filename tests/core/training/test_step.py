from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from core.training.batches import Batch
from core.training.config import Loss, Optimizer, Precision, TrainingConfig
from core.training.execution import Execution
from core.training.kernels import autocast
from core.training.objective import Objective
from core.training.optimization import make_optimizer
from core.training.step import CORRECT, LOSS, NORM, Learner, new_sums
from core.training.stopwatch import Phase, Stopwatch

CPU = torch.device("cpu")
COUNT = 11  # pictures in a batch: a prime number, so that no piece divides it
WHOLE = Execution("cpu", Precision.FLOAT32, True, 1, COUNT)
PIECES = [COUNT // 2, 3, 1]
OBJECTIVES = {
    "plain": (3, lambda: Objective(Loss.CROSS_ENTROPY)),
    "class weights": (3, lambda: Objective(Loss.CROSS_ENTROPY, torch.tensor([0.2, 3.0, 1.0]))),
    "single logit": (1, lambda: Objective(Loss.SINGLE_LOGIT)),
    "single logit, class weights": (1, lambda: Objective(Loss.SINGLE_LOGIT, torch.tensor([0.3, 2.0]))),
}


def network(outputs: int) -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, outputs))


def batch(outputs: int) -> Batch:
    draws = torch.Generator().manual_seed(5)
    return Batch(
        torch.randn(COUNT, 2, 6, 6, generator=draws),
        torch.randint(max(outputs, 2), (COUNT,), generator=draws),
    )


class OneStep:
    """A network before and after one learning step, the gradients of it, and its sums."""

    def __init__(
        self,
        execution: Execution,
        objective: Objective,
        outputs: int = 3,
        optimizer: Optimizer = Optimizer.SGD,
        clip: float | None = None,
    ) -> None:
        self.model, self.batch = network(outputs), batch(outputs)
        training = TrainingConfig(optimizer=optimizer, learning_rate=0.1, gradient_clip=clip)
        stepper = make_optimizer(self.model.parameters(), training)
        self.sums, self.watch = new_sums(CPU), Stopwatch(CPU)
        Learner(self.model, stepper, objective, training, execution).step(self.batch, self.sums, self.watch)
        self.gradients = flat([p.grad for p in self.model.parameters()])
        self.weights = flat(list(self.model.parameters()))


def flat(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


def plain_gradients(model: nn.Module, data: Batch, objective: Objective) -> Tensor:
    model.zero_grad()
    objective(model(data.pictures), data.labels).backward()
    return flat([p.grad for p in model.parameters()])


@pytest.mark.parametrize("optimizer", [Optimizer.SGD, Optimizer.ADAM])
@pytest.mark.parametrize("kind", OBJECTIVES)
@pytest.mark.parametrize("piece", PIECES)
def test_pieces_of_a_batch_add_up_to_the_whole(kind: str, piece: int, optimizer: Optimizer) -> None:
    outputs, objective = OBJECTIVES[kind]
    whole = OneStep(WHOLE, objective(), outputs, optimizer)
    parts = OneStep(replace(WHOLE, piece=piece), objective(), outputs, optimizer)
    assert whole.gradients.abs().max() > 0.01
    assert torch.allclose(parts.gradients, whole.gradients, atol=1e-6, rtol=0)
    assert torch.allclose(parts.weights, whole.weights, atol=1e-6, rtol=0)
    assert torch.allclose(parts.sums, whole.sums, atol=1e-5)


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_one_step_is_plain_torchs(kind: str) -> None:
    outputs, objective = OBJECTIVES[kind]
    step = OneStep(WHOLE, objective(), outputs)
    model = network(outputs)
    gradients = plain_gradients(model, step.batch, objective())
    assert torch.equal(step.gradients, gradients)
    torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9).step()
    assert torch.allclose(step.weights, flat(list(model.parameters())), atol=1e-7)


@pytest.mark.parametrize("piece", [COUNT, 3])
def test_the_sums_are_those_of_the_batch_before_the_step(piece: int) -> None:
    step = OneStep(replace(WHOLE, piece=piece), Objective(Loss.CROSS_ENTROPY))
    model = network(3)
    logits = model(step.batch.pictures).detach()
    gradients = plain_gradients(model, step.batch, Objective(Loss.CROSS_ENTROPY))
    losses = nn.functional.cross_entropy(logits, step.batch.labels, reduction="sum")
    assert float(step.sums[LOSS]) == pytest.approx(float(losses), rel=1e-6)
    assert int(step.sums[CORRECT]) == int((logits.argmax(1) == step.batch.labels).sum())
    assert float(step.sums[NORM]) == pytest.approx(float(gradients.norm()), rel=1e-6)


@pytest.mark.parametrize("piece", [COUNT, 4])
@pytest.mark.parametrize("clip", [1e-3, 0.1, 1e3])
def test_clipping_is_torchs_and_the_norm_is_the_one_before(piece: int, clip: float) -> None:
    objective = Objective(Loss.CROSS_ENTROPY)
    step = OneStep(replace(WHOLE, piece=piece), objective, clip=clip)
    model = network(3)
    free = plain_gradients(model, step.batch, objective)
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    clipped = flat([p.grad for p in model.parameters()])
    assert (clip < float(norm)) == (not torch.equal(free, clipped))
    assert torch.allclose(step.gradients, clipped, atol=1e-7)
    assert float(step.sums[NORM]) == pytest.approx(float(norm), rel=1e-6)


@pytest.mark.parametrize(
    ("piece", "sizes"), [(5, [5, 6]), (3, [3, 3, 3, 2]), (2, [2] * 4 + [3]), (1, [1] * 11)]
)
def test_no_picture_is_left_alone_unless_all_are(piece: int, sizes: list[int]) -> None:
    """Batch norm can't learn from one value; and a piece of one must stay one, or it may not fit."""
    model, objective, seen = network(3), Objective(Loss.CROSS_ENTROPY), []
    model[0].register_forward_hook(lambda layer, inputs, output: seen.append(len(output)))
    training, execution = TrainingConfig(), replace(WHOLE, piece=piece)
    learner = Learner(model, make_optimizer(model.parameters(), training), objective, training, execution)
    learner.step(batch(3), new_sums(CPU), Stopwatch(CPU))
    assert seen == sizes


def test_a_last_batch_that_is_one_picture_larger_than_the_others_goes_through_whole() -> None:
    model, objective = (
        nn.Sequential(nn.Flatten(), nn.Linear(72, 3), nn.BatchNorm1d(3)),
        OBJECTIVES["plain"][1](),
    )
    training, execution = TrainingConfig(batch_size=1), replace(WHOLE, piece=1)
    learner = Learner(model, make_optimizer(model.parameters(), training), objective, training, execution)
    two = Batch(batch(3).pictures[:2], batch(3).labels[:2])
    sums = new_sums(CPU)
    learner.step(two, sums, Stopwatch(CPU))
    assert float(sums[LOSS]) > 0


def test_sums_go_on_from_batch_to_batch_and_gradients_do_not() -> None:
    model, objective = network(3), Objective(Loss.CROSS_ENTROPY)
    training = TrainingConfig(optimizer=Optimizer.SGD, learning_rate=1e-8, momentum=0.0)
    learner = Learner(model, make_optimizer(model.parameters(), training), objective, training, WHOLE)
    once, twice = new_sums(CPU), new_sums(CPU)
    learner.step(batch(3), once, Stopwatch(CPU))
    for _ in range(2):
        learner.step(batch(3), twice, Stopwatch(CPU))
    assert torch.allclose(twice, 2 * once, rtol=1e-5)


def test_learning_in_bfloat16_keeps_weights_and_their_gradients_in_float32() -> None:
    execution = replace(WHOLE, precision=Precision.BFLOAT16)
    step = OneStep(execution, Objective(Loss.CROSS_ENTROPY))
    model = network(3)
    with autocast(execution):
        logits = model(step.batch.pictures).detach()
    assert logits.dtype is torch.bfloat16
    losses = nn.functional.cross_entropy(logits.float(), step.batch.labels, reduction="sum")
    assert float(step.sums[LOSS]) == pytest.approx(float(losses), rel=1e-6)
    assert {p.dtype for p in step.model.parameters()} == {torch.float32}
    assert {p.grad.dtype for p in step.model.parameters()} == {torch.float32}
    exact = OneStep(WHOLE, Objective(Loss.CROSS_ENTROPY))
    assert not torch.equal(step.gradients, exact.gradients)
    assert torch.allclose(step.gradients, exact.gradients, atol=0.02)


def test_every_phase_of_the_step_is_timed() -> None:
    step = OneStep(WHOLE, Objective(Loss.CROSS_ENTROPY))
    timed = {phase for phase, seconds in step.watch.seconds.items() if seconds > 0}
    assert timed == {Phase.FORWARD, Phase.BACKWARD, Phase.UPDATE}
