"""How sure a score is: 95 % intervals by the bootstrap over pictures, the same draws for every run.

No torch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison.scores import BINS, Score, confidence_bins, is_right, losses, scores_of
from core.training.metrics import accuracy_interval

DRAWS = 2000
LOW, HIGH = 2.5, 97.5  # percentiles
CELLS = 1 << 24  # of the table of draws that stands in memory at once: 64 MB


@dataclass(frozen=True)
class Estimate:
    """A score, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bootstrap:
    """`drawn[score]` is (R, D): what each of R runs scores on each of D draws of the pictures.

    Draw d is the same for all runs, so the difference of two runs within it is a paired one.
    """

    scores: tuple[dict[Score, float], ...]
    drawn: dict[Score, np.ndarray]
    pictures: int

    def estimate(self, run: int, score: Score) -> Estimate:
        """The percentile interval; Wilson's where all or no pictures are right, for then no draw differs."""
        value = self.scores[run][score]
        if score in (Score.ACCURACY, Score.MACRO_F1) and value in (0.0, 1.0):
            return Estimate(value, *accuracy_interval(round(value * self.pictures), self.pictures))
        around = _around(value, self.drawn[score][run])
        highest = np.inf if score is Score.LOG_LOSS else 1.0
        return Estimate(value, max(around.low, 0.0), min(around.high, highest))

    def difference(self, run: int, other: int, score: Score) -> Estimate:
        """`run` minus `other`, on the same pictures."""
        value = self.scores[run][score] - self.scores[other][score]
        return _around(value, self.drawn[score][run] - self.drawn[score][other])


def _around(value: float, drawn: np.ndarray) -> Estimate:
    """The percentiles of the draws, moved so that their mean is `value`.

    Pictures that are drawn twice make macro-F1 lower and the calibration error higher than they are: without
    that, an interval may not even hold its own score.
    """
    low, high = np.percentile(drawn.astype(np.float64) - drawn.mean(dtype=np.float64), [LOW, HIGH])
    return Estimate(value, value + float(low), value + float(high))


def bootstrap(
    probabilities: Sequence[np.ndarray], labels: np.ndarray, *, draws: int = DRAWS, seed: int = 0
) -> Bootstrap:
    """Draw N of the N pictures with replacement, again and again, and score every run on each draw.

    `probabilities` has an array (N, K) a run, `labels` (N,) their class indices. Time grows with N
    and with the filled cells of the confusion matrix, memory with neither.
    """
    linear = np.concatenate([_terms(each, labels) for each in probabilities])
    cells = [_Cells.of(each, labels) for each in probabilities]
    parts: list[dict[Score, np.ndarray]] = []
    for counts in _counts(len(labels), draws, np.random.default_rng(seed)):
        means = (linear @ counts.T / np.float32(len(labels))).reshape(len(cells), -1, len(counts))
        by_picture = np.ascontiguousarray(counts.T)
        parts.append(
            {
                Score.ACCURACY: means[:, 0],
                Score.LOG_LOSS: means[:, 1],
                Score.CALIBRATION_ERROR: np.abs(means[:, 2:]).sum(1),
                Score.MACRO_F1: np.stack([each.macro_f1(by_picture) for each in cells]),
            }
        )
    return Bootstrap(
        tuple(scores_of(each, labels) for each in probabilities),
        {score: np.concatenate([part[score] for part in parts], axis=1) for score in Score},
        len(labels),
    )


def _counts(pictures: int, draws: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """float32 (d, N): how often each draw has each picture; the d of all parts add up to `draws`."""
    at_once = max(1, CELLS // pictures)
    for first in range(0, draws, at_once):
        counts = np.empty((min(at_once, draws - first), pictures), np.float32)
        for row in counts:
            row[:] = np.bincount(generator.integers(0, pictures, pictures), minlength=pictures)
        yield counts


def _terms(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """float32 (2 + BINS, N): what each picture adds to the accuracy, to the log loss, and to the gap of its
    bin of confidence.
    """
    right = is_right(probabilities, labels)
    terms = np.zeros((2 + BINS, len(labels)), np.float32)
    terms[0], terms[1] = right, losses(probabilities, labels)
    terms[2 + confidence_bins(probabilities), np.arange(len(labels))] = probabilities.max(1) - right
    return terms


@dataclass(frozen=True)
class _Cells:
    """Pictures by their cell of the confusion matrix: `order` (N,), and for each of M filled cells where it
    starts in that, and its true and predicted class.
    """

    order: np.ndarray
    starts: np.ndarray
    truths: np.ndarray
    guesses: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, labels: np.ndarray) -> "_Cells":
        classes = probabilities.shape[1]
        cells = labels * classes + probabilities.argmax(1)
        order = np.argsort(cells, kind="stable")
        filled, starts = np.unique(cells[order], return_index=True)
        return cls(order, starts, filled // classes, filled % classes)

    def macro_f1(self, counts: np.ndarray) -> np.ndarray:
        """(d,) in the draws `counts` (N, d); as in scores.macro_f1, a class that a draw lacks is left out."""
        cells = np.add.reduceat(counts[self.order], self.starts, axis=0)
        classes = np.union1d(self.truths, self.guesses)
        hits = np.zeros((len(classes), counts.shape[1]), np.float32)
        met = np.zeros_like(hits)
        for side in (self.truths, self.guesses):
            np.add.at(met, np.searchsorted(classes, side), cells)
        on_diagonal = self.truths == self.guesses
        hits[np.searchsorted(classes, self.truths[on_diagonal])] = cells[on_diagonal]
        f1 = np.divide(2 * hits, met, out=np.zeros_like(met), where=met > 0)
        means: np.ndarray = f1.sum(0) / (met > 0).sum(0)
        return means
