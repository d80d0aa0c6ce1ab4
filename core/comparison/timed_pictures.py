"""Which pictures a model's speed is measured on. No torch."""

from pathlib import Path

from core.comparison.contender import PARTS
from core.data.dataset import load_dataset
from core.errors import ConfigError
from core.runs.picture_times import PICTURES
from core.runs.store import Run
from core.training.predictions import load_predictions
from core.workspace import Workspace


def pictures_to_time(workspace: Workspace, run: Run) -> list[Path]:
    """Up to `PICTURES` of the test pictures of `run`, spread evenly; validation ones where it has none.

    Raises:
        ConfigError: it has neither.
        DatasetError: its data set is gone or damaged.
    """
    dataset = load_dataset(workspace, str(run.config().get("dataset_id")))
    for part in PARTS:
        predictions = load_predictions(run.folder, part)
        if predictions is not None and len(predictions.rows):
            chosen = predictions.rows[:: -(-len(predictions.rows) // PICTURES)]
            return [dataset.path(dataset.pictures[row]) for row in chosen.tolist()]
    raise ConfigError(
        f"{run.name} has no test pictures to measure its speed on.",
        fix="Continue it for one epoch, which predicts them.",
    )
