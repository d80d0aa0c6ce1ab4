"""How good class probabilities are: accuracy, macro-F1, log loss, calibration. No torch."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

BINS = 15  # of equal width, over the confidence from 0 to 1


class Score(StrEnum):
    """A number that all pictures of a part give together."""

    ACCURACY = "accuracy"
    MACRO_F1 = "macro-F1"
    LOG_LOSS = "log loss"
    CALIBRATION_ERROR = "calibration error"

    @property
    def higher_is_better(self) -> bool:
        return self in (Score.ACCURACY, Score.MACRO_F1)


@dataclass(frozen=True)
class Reliability:
    """What a reliability diagram draws of each bin that holds pictures: their mean confidence, the share of
    them that is right, and their number. All (M,), M up to `BINS`.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    pictures: np.ndarray


def scores_of(probabilities: np.ndarray, labels: np.ndarray) -> dict[Score, float]:
    """All scores of `probabilities` (N, K) for class indices `labels` (N,)."""
    return {
        Score.ACCURACY: accuracy(probabilities, labels),
        Score.MACRO_F1: macro_f1(probabilities, labels),
        Score.LOG_LOSS: log_loss(probabilities, labels),
        Score.CALIBRATION_ERROR: calibration_error(probabilities, labels),
    }


def is_right(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """bool (N,): the most probable class is the true one."""
    right: np.ndarray = probabilities.argmax(1) == labels
    return right


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The share of pictures whose most probable class is the true one."""
    return float(is_right(probabilities, labels).mean())


def macro_f1(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The plain mean of each class's 2 TP / (2 TP + FP + FN), over the classes that are true or predicted."""
    classes, predicted = probabilities.shape[1], probabilities.argmax(1)
    hits = np.bincount(labels[labels == predicted], minlength=classes)
    met = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
    return float((2 * hits[met > 0] / met[met > 0]).mean())


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The mean of -ln(probability of the true class), in nats."""
    return float(losses(probabilities, labels).mean())


def losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """float64 (N,): -ln(probability of the true class); a zero counts as the smallest step of its numbers."""
    of_truth = probabilities[np.arange(len(labels)), labels]
    smallest = np.finfo(probabilities.dtype).eps
    logarithms: np.ndarray = -np.log(np.clip(of_truth, smallest, 1).astype(np.float64))
    return logarithms


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017) in `BINS` bins of equal width, each closed on the right.

    The mean over all pictures of |mean confidence - share that is right| of the bin that each falls into; the
    confidence is the probability of the most probable class.
    """
    diagram = reliability(probabilities, labels)
    gaps = np.abs(diagram.confidence - diagram.accuracy)
    return float((gaps * diagram.pictures).sum() / len(labels))


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> Reliability:
    """Confidence beside accuracy, in the bins of `calibration_error`."""
    bins = confidence_bins(probabilities)
    pictures = np.bincount(bins, minlength=BINS)
    held = pictures > 0
    confidence = np.bincount(bins, probabilities.max(1), BINS)[held] / pictures[held]
    right = np.bincount(bins, is_right(probabilities, labels), BINS)[held] / pictures[held]
    return Reliability(confidence, right, pictures[held])


def confidence_bins(probabilities: np.ndarray) -> np.ndarray:
    """int (N,) in 0 .. BINS - 1: the bin of each picture's confidence."""
    inner_edges = np.linspace(0, 1, BINS + 1)[1:-1]
    return np.searchsorted(inner_edges, probabilities.max(1).astype(np.float64))
