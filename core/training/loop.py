"""The training loop: epochs of forward, backward, step; it knows hooks, not screens."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from core.data.augmentation_config import Augmentation
from core.errors import Cancelled, WorkbenchError
from core.training.batches import Batcher, LabeledPictures, epoch_order, epoch_seed
from core.training.checkpoint import CheckpointFolder, not_of_this_run
from core.training.config import TrainingConfig
from core.training.evaluation import evaluate
from core.training.objective import Objective, predicted_classes
from core.training.optimization import learning_rate, make_optimizer, set_learning_rate

READ_EVERY = 0.5  # seconds between two looks at numbers that live on the device


class LossNotFinite(WorkbenchError):
    """The loss became infinite or not a number."""


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch; losses are means a picture, accuracies shares from 0 to 1.

    Training numbers are those of the learning steps themselves: dropout and augmentation on, weights
    changing from batch to batch, as in the lecture's trainer.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    learning_rate: float
    seconds: float
    pictures_per_second: float
    is_best: bool


@dataclass(frozen=True)
class BatchProgress:
    """Where the loop is; `train_loss` is the mean of the epoch so far."""

    epoch: int
    batch: int
    batches: int
    train_loss: float
    pictures_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Hooks:
    """What the loop calls: `on_batch` about twice a second, `on_epoch` when its checkpoint is on disk."""

    on_batch: Callable[[BatchProgress], None] = lambda progress: None
    on_epoch: Callable[[EpochRecord], None] = lambda record: None
    should_stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Outcome:
    """All finished epochs, and why there are no more: "finished", "early" or "stopped"."""

    history: tuple[EpochRecord, ...]
    ended: str


def train(
    model: nn.Module,
    train_data: LabeledPictures,
    valid_data: LabeledPictures,
    training: TrainingConfig,
    augmentation: Augmentation,
    *,
    batcher: Batcher,
    objective: Objective,
    checkpoints: CheckpointFolder,
    hooks: Hooks,
) -> Outcome:
    """Train `model` in place; goes on from `checkpoints.last` where there is one.

    The best epoch is the one with the highest validation accuracy, the lower loss where two are equal.

    Raises:
        LossNotFinite: with the last good epoch still on disk.
    """
    optimizer = make_optimizer(model.parameters(), training)
    history = _restore(checkpoints, model, optimizer)
    while len(history) < training.epochs:
        if _is_over(history, training):
            return Outcome(tuple(history), "early")
        epoch = len(history) + 1
        torch.manual_seed(epoch_seed(training.seed, epoch))
        model.train()
        steps = _TrainingEpoch(model, train_data, training, batcher, objective, optimizer, epoch)
        if not steps.run(augmentation, hooks, len(valid_data)):
            return Outcome(tuple(history), "stopped")
        try:
            score = evaluate(model, valid_data, batcher, objective, should_stop=hooks.should_stop)
        except Cancelled:
            return Outcome(tuple(history), "stopped")
        is_best = not history or (score.accuracy, -score.loss) > max(_rank(record) for record in history)
        record = EpochRecord(
            epoch=epoch,
            train_loss=steps.mean_loss(),
            train_accuracy=steps.accuracy(),
            valid_loss=score.loss,
            valid_accuracy=score.accuracy,
            learning_rate=optimizer.param_groups[0]["lr"],
            seconds=time.perf_counter() - steps.started,
            pictures_per_second=steps.pictures_per_second(),
            is_best=is_best,
        )
        if not (math.isfinite(record.train_loss) and math.isfinite(record.valid_loss)):
            raise loss_not_finite(epoch)
        history.append(record)
        if is_best:
            checkpoints.save_best(model.state_dict())
        checkpoints.save_last(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "history": [asdict(past) for past in history],
            }
        )
        hooks.on_epoch(record)
    return Outcome(tuple(history), "finished")


class _TrainingEpoch:
    """One pass over the training pictures; sums stay on the device and are read twice a second."""

    def __init__(
        self,
        model: nn.Module,
        data: LabeledPictures,
        training: TrainingConfig,
        batcher: Batcher,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        epoch: int,
    ) -> None:
        self.model, self.data, self.training = model, data, training
        self.batcher, self.objective, self.optimizer, self.epoch = batcher, objective, optimizer, epoch
        self.loss_sum = torch.zeros((), device=batcher.device)
        self.correct = torch.zeros((), device=batcher.device)
        self.seen = 0
        self.started = time.perf_counter()

    def run(self, augmentation: Augmentation, hooks: Hooks, valid_count: int) -> bool:
        """Train on every picture once; False if it was stopped before the end."""
        training = self.training
        batches = len(epoch_order(len(self.data), training.batch_size, training.seed, self.epoch))
        stream = self.batcher.train_batches(
            self.data, training.batch_size, augmentation, training.seed, self.epoch
        )
        last_read = self.started
        for number, (pictures, labels) in enumerate(stream, 1):
            if hooks.should_stop():
                return False
            done = (self.epoch - 1 + (number - 1) / batches) / training.epochs
            set_learning_rate(self.optimizer, learning_rate(training, done))
            self.step(pictures, labels)
            if time.perf_counter() - last_read > READ_EVERY:
                last_read = time.perf_counter()
                hooks.on_batch(self.progress(number, batches, valid_count))
        return True

    def step(self, pictures: torch.Tensor, labels: torch.Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.model(pictures)
        loss = self.objective(logits, labels)
        loss.backward()
        self.optimizer.step()
        self.loss_sum += loss.detach() * len(labels)
        self.correct += (predicted_classes(logits.detach(), self.objective.loss) == labels).sum()
        self.seen += len(labels)

    def progress(self, number: int, batches: int, valid_count: int) -> BatchProgress:
        mean_loss = self.mean_loss()
        if not math.isfinite(mean_loss):
            raise loss_not_finite(self.epoch)
        rate = self.pictures_per_second()
        epochs_after = self.training.epochs - self.epoch
        # A validation picture costs about a third of a training picture: one forward, no backward.
        left = len(self.data) - self.seen + epochs_after * len(self.data)
        left_with_validation = left + (epochs_after + 1) * valid_count / 3
        return BatchProgress(self.epoch, number, batches, mean_loss, rate, left_with_validation / rate)

    def mean_loss(self) -> float:
        return float(self.loss_sum) / self.seen

    def accuracy(self) -> float:
        return float(self.correct) / self.seen

    def pictures_per_second(self) -> float:
        return self.seen / (time.perf_counter() - self.started)


def loss_not_finite(epoch: int) -> LossNotFinite:
    return LossNotFinite(
        f"The loss is no longer a finite number in epoch {epoch}.",
        expected="a loss that falls, or at least stays finite",
        fix="Most often the learning rate is too high: try a tenth of it. Else switch batch norm on, "
        "or look for damaged pictures. The best epoch so far is kept.",
    )


def _restore(
    checkpoints: CheckpointFolder, model: nn.Module, optimizer: torch.optim.Optimizer
) -> list[EpochRecord]:
    state: dict[str, Any] | None = checkpoints.load_last()
    if state is None:
        return []
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        return [EpochRecord(**past) for past in state["history"]]
    except (RuntimeError, TypeError, ValueError, KeyError, AttributeError) as mismatch:
        raise not_of_this_run(checkpoints.last) from mismatch


def _rank(record: EpochRecord) -> tuple[float, float]:
    return (record.valid_accuracy, -record.valid_loss)


def _is_over(history: list[EpochRecord], training: TrainingConfig) -> bool:
    """Early stopping: the last `patience` epochs brought nothing better."""
    if training.patience is None or len(history) <= training.patience:
        return False
    return not any(record.is_best for record in history[-training.patience :])
