"""The class probabilities of a finished run, for every picture that it didn't learn from; no torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ModelFileError
from core.workspace import put_in_place


@dataclass(frozen=True)
class Predictions:
    """`rows` (N,) are positions in the data set's pictures, `targets` (N,) class indices.

    `probabilities` is (N, K), one column a class.
    """

    rows: np.ndarray
    targets: np.ndarray
    probabilities: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """The most probable class (N,)."""
        return self.probabilities.argmax(1)

    @property
    def confidence(self) -> np.ndarray:
        """The probability (N,) of the most probable class."""
        return self.probabilities.max(1)

    def worst_mistakes(self, most: int) -> np.ndarray:
        """Positions of wrong predictions, the most confident first."""
        wrong = np.flatnonzero(self.predicted != self.targets)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:most]

    def of_cell(self, target: int, predicted: int) -> np.ndarray:
        """Positions behind one cell of the confusion matrix, the most confident first."""
        inside = np.flatnonzero((self.targets == target) & (self.predicted == predicted))
        return inside[np.argsort(-self.confidence[inside], kind="stable")]


def save_predictions(
    folder: Path, part: str, rows: np.ndarray, targets: np.ndarray, values: np.ndarray
) -> None:
    """Write the predictions of one part ("valid" or "test") of a split, whole or not at all."""
    temporary = folder / f".predictions-{part}.npz.partial"
    with temporary.open("wb") as file:
        np.savez_compressed(file, rows=rows, targets=targets, probabilities=values)
    put_in_place(temporary, _path(folder, part))


def load_predictions(folder: Path, part: str) -> Predictions | None:
    """The predictions of that part; None if the run has none.

    Raises:
        ModelFileError: the file is damaged.
    """
    path = _path(folder, part)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return Predictions(file["rows"], file["targets"], file["probabilities"])
    except Exception as damage:
        raise ModelFileError(
            f"{path.name} can't be read: it is damaged, or is not a file of predictions.",
            fix="Continue the run for one epoch to write it again.",
        ) from damage


def _path(folder: Path, part: str) -> Path:
    return folder / f"predictions-{part}.npz"
