"""What stands beside a state dict so that it can be used: architecture, preprocessing, classes. No torch."""

from dataclasses import dataclass
from pathlib import Path

from core.data.preprocessing import Preprocessing
from core.errors import ConfigError, ModelFileError
from core.limits import check_range
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.cnn_config import CnnConfig
from core.records import from_json, to_json
from core.workspace import read_json, write_json

MODEL_FILE = "model.json"
MOST_HIDDEN, WIDEST = 4, 16_384


@dataclass(frozen=True)
class HeadConfig:
    """What makes logits of a backbone's features: hidden layers of so many units, each with ReLU and dropout,
    and a linear layer."""

    hidden: tuple[int, ...] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_range("number of hidden layers", len(self.hidden), 0, MOST_HIDDEN)
        for units in self.hidden:
            check_range("number of hidden units", units, 1, WIDEST)
        check_range("dropout", self.dropout, 0, 0.95)


@dataclass(frozen=True)
class SavedModel:
    """A CNN. `classes` in the order of the logits; with `single_logit` the one logit is that of the second
    class."""

    cnn: CnnConfig
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    single_logit: bool
    kind: str = "cnn"

    @property
    def outputs(self) -> int:
        return 1 if self.single_logit else len(self.classes)


@dataclass(frozen=True)
class SavedFineTuned:
    """A backbone with a head of its own, fine-tuned."""

    backbone: str
    head: HeadConfig
    preprocessing: BackbonePreprocessing
    classes: tuple[str, ...]
    single_logit: bool
    kind: str = "fine-tuned"

    @property
    def outputs(self) -> int:
        return 1 if self.single_logit else len(self.classes)


@dataclass(frozen=True)
class SavedFeatures:
    """A frozen backbone, whose features are scaled and classified by logistic regression.

    For two classes that has a single logit.
    """

    backbone: str
    features: int  # numbers that the backbone makes of a picture
    preprocessing: BackbonePreprocessing
    classes: tuple[str, ...]
    kind: str = "features"

    @property
    def single_logit(self) -> bool:
        return len(self.classes) == 2

    @property
    def outputs(self) -> int:
        return 1 if self.single_logit else len(self.classes)


Saved = SavedModel | SavedFineTuned | SavedFeatures
KINDS: dict[str, type[SavedModel] | type[SavedFineTuned] | type[SavedFeatures]] = {
    kind.kind: kind for kind in (SavedModel, SavedFineTuned, SavedFeatures)
}


def save_model_description(folder: Path, model: Saved) -> None:
    write_json(folder / MODEL_FILE, to_json(model))


def load_model_description(folder: Path) -> Saved:
    """The description beside the weights in `folder`.

    Raises:
        ModelFileError: it is missing or damaged.
    """
    try:
        value = read_json(folder / MODEL_FILE)
        kind = value.get("kind") if isinstance(value, dict) else None
        return from_json(KINDS.get(str(kind), SavedModel), value)
    except FileNotFoundError:
        raise ModelFileError(
            f"{MODEL_FILE} is missing beside the weights.", fix="Train the run again, or choose another one."
        ) from None
    except (OSError, ValueError, ConfigError) as damage:
        raise ModelFileError(
            f"{MODEL_FILE} can't be read: {damage}", fix="Train the run again, or choose another one."
        ) from damage
