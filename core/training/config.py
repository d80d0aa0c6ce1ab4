"""All that decides a training run, as one record that goes to and from JSON."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.data.augmentation_config import Augmentation
from core.data.preprocessing import Preprocessing
from core.errors import ConfigError
from core.limits import check_range
from core.models.cnn_config import CnnConfig


class Optimizer(StrEnum):
    SGD = "sgd"
    ADAM = "adam"
    ADAMW = "adamw"


class Schedule(StrEnum):
    """How the learning rate moves from the first step to the last."""

    CONSTANT = "constant"
    COSINE = "cosine"
    STEP = "step"  # to a tenth after each third of the epochs


def step_epochs(epochs: int) -> int:
    """How many epochs pass between two steps of the schedule that goes in steps."""
    return max(1, -(-epochs // 3))


class Loss(StrEnum):
    """Softmax over one logit a class, or (two classes) the lecture's single logit."""

    CROSS_ENTROPY = "cross_entropy"
    SINGLE_LOGIT = "single_logit"


class Precision(StrEnum):
    """In what numbers a network learns; weights and validation are float32 always.

    AUTO takes bfloat16 where a short measurement of this network finds it faster.
    """

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True)
class TrainingConfig:
    epochs: int = 10
    batch_size: int = 32
    optimizer: Optimizer = Optimizer.ADAM
    learning_rate: float = 1e-3
    momentum: float = 0.9  # SGD only
    weight_decay: float = 0.0
    schedule: Schedule = Schedule.CONSTANT
    loss: Loss = Loss.CROSS_ENTROPY
    class_weights: bool = False  # weigh each class by the inverse of its share of the training pictures
    patience: int | None = None  # epochs without a new best before stopping early
    seed: int = 0
    precision: Precision = Precision.AUTO
    gradient_clip: float | None = None  # longest gradient (Euclidean norm over all parameters) of a step
    deterministic: bool = (
        False  # on a GPU: only kernels that give the same bits each time; a CPU has no other
    )
    compiled: bool = False  # on a GPU: torch.compile with CUDA graphs

    def __post_init__(self) -> None:
        check_range("number of epochs", self.epochs, 1, 10_000)
        check_range("batch size", self.batch_size, 1, 4096)
        check_range("learning rate", self.learning_rate, 1e-8, 100)
        check_range("momentum", self.momentum, 0, 0.9999)
        check_range("weight decay", self.weight_decay, 0, 10)
        check_range("seed", self.seed, 0, 2**31 - 1)
        if self.patience is not None:
            check_range("patience of early stopping", self.patience, 1, 10_000)
        if self.gradient_clip is not None:
            check_range("longest gradient", self.gradient_clip, 1e-6, 1e6)


def check_classes(classes: tuple[str, ...], *, single_logit: bool) -> None:
    """Raises ConfigError for classes that a network can't be trained to tell apart."""
    if len(classes) < 2:
        raise ConfigError(
            "There is nothing to tell apart.",
            expected="at least 2 classes",
            found=str(len(classes)),
            fix="Bring a data set with one sub-folder for each of two or more classes.",
        )
    if single_logit and len(classes) != 2:
        raise ConfigError(
            "A single logit can tell only two classes apart.",
            expected="2 classes",
            found=str(len(classes)),
            fix="Use cross-entropy for this data set.",
        )


@dataclass(frozen=True)
class CnnRunConfig:
    """One training of one CNN on one split of one data set. `classes` are in the order of the logits.

    `starts_from` is the run whose best weights it begins with (a copy lies in the run's folder), and
    `without` holds the keys of pictures that are left out because they can't be read.
    """

    name: str
    dataset_id: str
    split_id: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    cnn: CnnConfig
    training: TrainingConfig = field(default_factory=TrainingConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)
    device: str = "auto"
    starts_from: str | None = None
    without: tuple[str, ...] = ()
    kind: str = "train-cnn"

    def __post_init__(self) -> None:
        check_classes(self.classes, single_logit=self.training.loss is Loss.SINGLE_LOGIT)

    def slower(self, times: float) -> "CnnRunConfig":
        """The same with the learning rate divided by `times`."""
        rate = self.training.learning_rate / times
        return replace(self, training=replace(self.training, learning_rate=rate))

    @property
    def outputs(self) -> int:
        """Width of the last linear layer."""
        return 1 if self.training.loss is Loss.SINGLE_LOGIT else len(self.classes)
