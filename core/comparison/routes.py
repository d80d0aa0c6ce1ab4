"""The ways from pictures to a classifier, each as the settings of a run. No torch."""

from dataclasses import dataclass
from enum import StrEnum

from core.comparison.learning_curve import SHARES
from core.data.dataset import Dataset
from core.data.preprocessing import Preprocessing
from core.data.splitting import Split
from core.embeddings.config import FeaturesRunConfig
from core.errors import ConfigError
from core.limits import check_range
from core.models.backbone_choice import TRAINED
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.training.config import CnnRunConfig, TrainingConfig
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.suggestion import suggest_color, suggest_side

LITE0 = "efficientnet_lite0"
MOST_SEEDS = 10
STEPS = 10  # an epoch, at least
SMALLEST_BATCH, LARGEST_BATCH = 8, 32


class Route(StrEnum):
    """From nothing, or from a backbone of which ever more learns."""

    FROM_SCRATCH = "CNN from scratch"
    FEATURES = "features + LR"
    HEAD = "head only"
    LAST_BLOCK = "last block"
    FULL = "full fine-tune"

    @property
    def needs_backbone(self) -> bool:
        return self is not Route.FROM_SCRATCH


@dataclass(frozen=True)
class RouteSettings:
    """What all routes share. `epochs` are those of a fine-tuning; a network that begins from nothing has
    `scratch_epochs`, for it needs more. `shares` of the training pictures are those to learn from; all of
    them are learned from `seeds` times, with `seed` and those after it.
    """

    backbone: str = LITE0
    weights: str = TRAINED
    epochs: int = 10
    scratch_epochs: int = 30
    seed: int = 0
    seeds: int = 1
    shares: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        check_range("number of epochs", self.epochs, 1, 10_000)
        check_range("number of epochs from scratch", self.scratch_epochs, 1, 10_000)
        check_range("number of seeds", self.seeds, 1, MOST_SEEDS)
        check_range("seed", self.seed, 0, 2**31 - self.seeds)
        if 1.0 not in self.shares or not set(self.shares) <= set(SHARES):
            raise ConfigError(
                "These shares of the training pictures can't be compared.",
                expected="the whole, and any of " + ", ".join(f"{share:.0%}" for share in SHARES[:-1]),
                found=", ".join(f"{share:.0%}" for share in self.shares),
                fix="Take 100 % among them.",
            )


RunConfig = CnnRunConfig | FeaturesRunConfig | FineTuneConfig
_TRAINS = {Route.HEAD: Trains.HEAD, Route.LAST_BLOCK: Trains.BLOCKS, Route.FULL: Trains.ALL}


def suggest_batch(pictures: int) -> int:
    """Pictures a step: few enough that an epoch has about ten steps, where that leaves batch norm enough."""
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, pictures // STEPS))


def config_of(route: Route, dataset: Dataset, split: Split, settings: RouteSettings) -> RunConfig:
    """The settings of a run of `route` on `split`.

    Raises:
        ConfigError: it can't learn from this data set.
    """
    learners = f", {len(split.train):,} pictures" if settings.shares != (1.0,) else ""
    seed = f", seed {settings.seed}" if settings.seeds > 1 else ""
    name = f"{route[:1].upper()}{route[1:]} on {dataset.name}{learners}{seed}"
    common = (name, dataset.id, split.id, dataset.classes)
    epochs = settings.scratch_epochs if route is Route.FROM_SCRATCH else settings.epochs
    training = TrainingConfig(epochs, suggest_batch(len(split.train)), seed=settings.seed)
    if route is Route.FROM_SCRATCH:
        preset = PRESETS[DEFAULT_PRESET]
        side = suggest_side(dataset, preset)
        pictures = Preprocessing.of((side, side), suggest_color(dataset))
        return CnnRunConfig(*common, pictures, preset.config, training)
    if route is Route.FEATURES:
        return FeaturesRunConfig(*common, settings.backbone, settings.weights, seed=settings.seed)
    return FineTuneConfig(
        *common, settings.backbone, settings.weights, trains=_TRAINS[route], training=training
    )
