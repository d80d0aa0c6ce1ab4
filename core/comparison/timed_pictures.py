"""Pictures that a run has not learned from: to measure its speed on, or to check its export. No torch."""

from pathlib import Path

from core.comparison.contender import PARTS
from core.data.dataset import load_dataset
from core.errors import ConfigError
from core.runs.picture_times import PICTURES
from core.runs.store import Run
from core.training.predictions import load_predictions
from core.workspace import Workspace


def pictures_to_time(workspace: Workspace, run: Run) -> list[Path]:
    """Up to `PICTURES` that are `unseen_pictures`.

    Raises:
        ConfigError, DatasetError: as there.
    """
    return unseen_pictures(workspace, run, PICTURES)[1]


def unseen_pictures(workspace: Workspace, run: Run, most: int) -> tuple[str, list[Path]]:
    """Up to `most` of the "test" pictures of `run`, spread evenly; "valid" ones where it has none.

    Raises:
        ConfigError: it has neither.
        DatasetError: its data set is gone or damaged.
    """
    dataset = load_dataset(workspace, str(run.config().get("dataset_id")))
    for part in PARTS:
        predictions = load_predictions(run.folder, part)
        if predictions is not None and len(predictions.rows):
            chosen = predictions.rows[:: max(1, len(predictions.rows) // most)][:most]
            return part, [dataset.path(dataset.pictures[row]) for row in chosen.tolist()]
    raise ConfigError(
        f"{run.name} has no test pictures that it could be tried on.",
        fix="Continue it for one epoch, which predicts them.",
    )
