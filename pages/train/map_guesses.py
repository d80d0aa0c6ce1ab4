"""What a run said of the pictures on its map."""

from dataclasses import dataclass

from core.data.dataset import Dataset
from core.runs.store import Run
from core.training.predictions import load_predictions
from pages.shared.run_results import PARTS


@dataclass(frozen=True)
class Guesses:
    """For each predicted picture: on which side of the split it is, and the class it was taken for."""

    dataset: Dataset
    of_row: dict[int, tuple[str, int]]

    def mistakes(self, rows: list[int]) -> list[int]:
        """The pictures among `rows` that were taken for another class, by their number."""
        labels = self.dataset.labels()
        return sorted(row for row in rows if row in self.of_row and self.of_row[row][1] != labels[row])

    def words(self, row: int) -> str:
        """Such as "test picture of 3, taken for 8"."""
        label = self.dataset.pictures[row].label
        if row not in self.of_row:
            return f"training picture of {label}"
        part, guess = self.of_row[row]
        taken = self.dataset.classes[guess]
        said = "rightly told" if taken == label else f"taken for {taken}"
        return f"{PARTS[part].lower()} picture of {label}, {said}"


def guesses_of(run: Run, dataset: Dataset) -> Guesses:
    """What `run` said of the pictures of `dataset`.

    Raises:
        ModelFileError: a file of predictions is damaged.
    """
    found = {part: load_predictions(run.folder, part) for part in PARTS}
    return Guesses(
        dataset,
        {
            row: (part, guess)
            for part, predictions in found.items()
            if predictions is not None
            for row, guess in zip(predictions.rows.tolist(), predictions.predicted.tolist(), strict=True)
        },
    )
