"""All that decides a fine-tuning of a backbone, as one record that goes to and from JSON. No torch."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.data.augmentation_config import Augmentation
from core.errors import ConfigError
from core.limits import check_range
from core.models.backbone_choice import TRAINED, check_weights, seed_of
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.saved_model import HeadConfig
from core.training.config import Loss, TrainingConfig, check_classes

MOST_VIEWS = 64
MOST_BLOCKS = 1000


class Trains(StrEnum):
    """What learns; all before it stays as it is."""

    HEAD = "head"
    BLOCKS = "blocks"  # the head and the last blocks of the backbone
    ALL = "all"


@dataclass(frozen=True)
class FineTuneConfig:
    """One fine-tuning of one backbone on one split of one data set. `classes` are in the order of the logits.

    `weights` that it begins with are "trained", or "random-0": drawn from that seed. `training` holds the
    head's learning rate. `without` holds the keys of pictures that are left out because they can't be read.
    """

    name: str
    dataset_id: str
    split_id: str
    classes: tuple[str, ...]
    backbone: str
    weights: str = TRAINED
    head: HeadConfig = field(default_factory=HeadConfig)
    trains: Trains = Trains.HEAD
    blocks: int = 1  # of the backbone, counted from its end; BLOCKS only
    backbone_rate: float = 1e-4  # learning rate of what trains of the backbone
    warm_up: int = 0  # epochs in which the rates rise from 1 %
    unfreeze_every: int | None = None  # epochs after which one more block trains, until all that shall do
    training: TrainingConfig = field(default_factory=TrainingConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)
    views: int = 4  # augmented views a picture that the frozen part sees; without augmentation there is one
    device: str = "auto"
    without: tuple[str, ...] = ()
    kind: str = "fine-tune"

    def __post_init__(self) -> None:
        check_range("number of blocks that train", self.blocks, 1, MOST_BLOCKS)
        check_range("learning rate of the backbone", self.backbone_rate, 1e-8, 100)
        check_range("number of warm-up epochs", self.warm_up, 0, 1000)
        check_range("number of views a picture", self.views, 1, MOST_VIEWS)
        if self.unfreeze_every is not None:
            check_range("number of epochs between two blocks", self.unfreeze_every, 1, 1000)
        if self.warm_up >= self.training.epochs and self.warm_up:
            raise ConfigError(
                "The warm-up takes all epochs, so the full learning rate is never reached.",
                expected=f"less than {self.training.epochs} epochs of warm-up",
                found=str(self.warm_up),
                fix="Warm up for fewer epochs, or train for more.",
            )
        check_weights(self.weights)
        check_classes(self.classes, single_logit=self.is_single_logit)

    @property
    def is_single_logit(self) -> bool:
        return self.training.loss is Loss.SINGLE_LOGIT

    @property
    def outputs(self) -> int:
        """Logits of the head."""
        return 1 if self.is_single_logit else len(self.classes)

    @property
    def preprocessing(self) -> BackbonePreprocessing:
        """What the backbone's weights were trained to receive; loads torchvision.

        Raises:
            ConfigError: no backbone has this name.
        """
        from core.models.backbones import preprocessing_of

        return preprocessing_of(self.backbone)

    @property
    def weights_seed(self) -> int | None:
        """The seed of untrained weights."""
        return seed_of(self.weights)

    @property
    def cached_views(self) -> int:
        """How many views of a training picture the frozen part sees."""
        return 1 if self.augmentation.is_off else self.views

    def trained_blocks(self, blocks: int) -> int:
        """How many of a network's `blocks` (its head is one) train in the end, counted from its end."""
        return {Trains.HEAD: 1, Trains.BLOCKS: min(1 + self.blocks, blocks), Trains.ALL: blocks}[self.trains]

    def blocks_in(self, epoch: int, blocks: int) -> int:
        """How many of them train in `epoch`, which counts from 1."""
        in_the_end = self.trained_blocks(blocks)
        if self.unfreeze_every is None:
            return in_the_end
        return min(in_the_end, 1 + (epoch - 1) // self.unfreeze_every)

    def slower(self, times: float) -> "FineTuneConfig":
        """The same with learning rates divided by `times`."""
        training = replace(self.training, learning_rate=self.training.learning_rate / times)
        return replace(self, training=training, backbone_rate=self.backbone_rate / times)
