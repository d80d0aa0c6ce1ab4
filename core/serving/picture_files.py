"""Predictions of many picture files at once: the bad ones are named, the others predicted."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.data.dataset import Rejected
from core.data.decoding import Source
from core.data.parallel import in_threads
from core.errors import PictureRejected

if TYPE_CHECKING:
    from core.serving.prediction import Predictor  # at run time it would load torch

MOST_FILES = 500  # at one go


@dataclass(frozen=True)
class PictureFile:
    """A file under the name that the user knows it by."""

    name: str
    source: Source


@dataclass(frozen=True)
class FilePredictions:
    """`names` (N), what the network `received` of each, uint8 (H, W, C), and `probabilities` (N, K).

    `positions` (N) tell which of the given files each is; `rejected` names the others.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    positions: tuple[int, ...]
    received: tuple[np.ndarray, ...]
    probabilities: np.ndarray
    rejected: tuple[Rejected, ...]

    @property
    def predicted(self) -> np.ndarray:
        """The index (N,) of the most probable class."""
        return self.probabilities.argmax(1)


def predict_files(predictor: "Predictor", files: Sequence[PictureFile]) -> FilePredictions:
    """Decode `files` in parallel and predict those that are pictures."""
    read = list(
        in_threads(lambda file: _read(predictor, file), files[:MOST_FILES], should_stop=lambda: False)
    )
    good = [
        (position, file, pixels)
        for position, (file, pixels) in enumerate(read)
        if not isinstance(pixels, Rejected)
    ]
    received = tuple(pixels for _, _, pixels in good)
    too_many = [
        Rejected(
            file.name,
            f"More than {MOST_FILES:,} files were given at once.",
            "Give the rest later, or predict from Python.",
        )
        for file in files[MOST_FILES:]
    ]
    return FilePredictions(
        predictor.classes,
        tuple(file.name for _, file, _ in good),
        tuple(position for position, _, _ in good),
        received,
        predictor.predict(received),
        (*(result for _, result in read if isinstance(result, Rejected)), *too_many),
    )


def top_classes(probabilities: np.ndarray, k: int) -> np.ndarray:
    """Indices of the `k` most probable of (K,) classes, the most probable first."""
    return np.argsort(-probabilities, kind="stable")[:k]


def predictions_csv(predictions: FilePredictions) -> str:
    """A line a file: its name, the predicted class, its probability, then one column a class; bad files last.

    Readable by pandas and by spreadsheets: text that they would take for a formula gets a quote before it.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    columns = [f"p({name})" for name in predictions.classes]
    writer.writerow(["file", "prediction", "probability", *columns, "problem"])
    for name, guess, row in zip(
        predictions.names, predictions.predicted.tolist(), predictions.probabilities, strict=True
    ):
        shares = [f"{share:.6f}" for share in row]
        writer.writerow([_cell(name), _cell(predictions.classes[guess]), shares[guess], *shares, ""])
    for file in predictions.rejected:
        blanks = [""] * (len(columns) + 2)
        writer.writerow([_cell(file.name), *blanks, _cell(f"{file.reason} {file.fix}")])
    return table.getvalue()


def _read(predictor: "Predictor", file: PictureFile) -> np.ndarray | Rejected:
    try:
        return predictor.read(file.source)
    except PictureRejected as rejection:
        return Rejected(file.name, str(rejection).removesuffix(rejection.fix).strip(), rejection.fix)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
