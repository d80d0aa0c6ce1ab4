"""What a training tells of itself: its finished epochs, where it is, and why there are no more. No torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch; losses are means a picture, accuracies shares from 0 to 1.

    Training numbers are those of the learning steps themselves: dropout and augmentation on, weights
    changing from batch to batch, as in the lecture's trainer. `phases` holds the seconds of each
    `core.training.stopwatch.Phase`, `gradient_norm` the mean over the steps of the Euclidean norm of all
    gradients, `memory` the most bytes so far: of the process, or of the GPU.
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
    gradient_norm: float | None = None
    memory: int | None = None
    phases: dict[str, float] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[float, float]:
        """The higher, the better: the accuracy, then the smaller loss."""
        return (self.valid_accuracy, -self.valid_loss)


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
    """What the loop calls: `on_batch` about twice a second, `on_epoch` when its checkpoint is on disk.

    `on_facts` gets whatever is worth knowing of how the run is done, as plain values by name.
    """

    on_batch: Callable[[BatchProgress], None] = lambda progress: None
    on_epoch: Callable[[EpochRecord], None] = lambda record: None
    on_facts: Callable[[dict[str, object]], None] = lambda facts: None
    should_stop: Callable[[], bool] = lambda: False
    should_pause: Callable[[], bool] = lambda: False

    def interrupted(self) -> bool:
        return self.should_stop() or self.should_pause()


@dataclass(frozen=True)
class Outcome:
    """All finished epochs, and why there are no more: "finished", "early", "stopped" or "paused"."""

    history: tuple[EpochRecord, ...]
    ended: str


def is_new_best(rank: tuple[float, float], history: Sequence[EpochRecord]) -> bool:
    return all(rank > past.rank for past in history)


def is_over_early(history: Sequence[EpochRecord], patience: int | None) -> bool:
    """Early stopping: the last `patience` epochs brought nothing better."""
    if patience is None or len(history) <= patience:
        return False
    return not any(record.is_best for record in history[-patience:])
