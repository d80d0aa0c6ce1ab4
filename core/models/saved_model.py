"""What stands beside a state dict so that it can be used: architecture, preprocessing, classes."""

from dataclasses import dataclass
from pathlib import Path

from core.data.preprocessing import Preprocessing
from core.errors import ConfigError, ModelFileError
from core.models.cnn_config import CnnConfig
from core.records import from_json, to_json
from core.workspace import read_json, write_json

MODEL_FILE = "model.json"


@dataclass(frozen=True)
class SavedModel:
    """`classes` in the order of the logits; with `single_logit` the one logit is that of the second class."""

    cnn: CnnConfig
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    single_logit: bool
    kind: str = "cnn"

    @property
    def outputs(self) -> int:
        return 1 if self.single_logit else len(self.classes)


def save_model_description(folder: Path, model: SavedModel) -> None:
    write_json(folder / MODEL_FILE, to_json(model))


def load_model_description(folder: Path) -> SavedModel:
    """The description beside the weights in `folder`.

    Raises:
        ModelFileError: it is missing or damaged.
    """
    try:
        return from_json(SavedModel, read_json(folder / MODEL_FILE))
    except FileNotFoundError:
        raise ModelFileError(
            f"{MODEL_FILE} is missing beside the weights.", fix="Train the run again, or choose another one."
        ) from None
    except (OSError, ValueError, ConfigError) as damage:
        raise ModelFileError(
            f"{MODEL_FILE} can't be read: {damage}", fix="Train the run again, or choose another one."
        ) from damage
