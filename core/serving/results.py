"""What is shown of a set: the answers of a model as words, which of them, and in what order. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.serving.calibration import calibrated
from core.serving.prediction_set import Answers

NONE_OF_THESE = "none of these"
DOUBTFUL = 0.6  # less sure than that


class Which(StrEnum):
    """A part of the pictures."""

    ALL = "all"
    NONE = NONE_OF_THESE
    DOUBT = "doubtful"
    MISTAKES = "mistakes"
    DIFFERENT = "where they differ"
    LABELLED = "labelled by you"


class Order(StrEnum):
    GIVEN = "as given"
    DOUBTFUL = "most doubtful first"
    SUREST = "surest first"
    CLASS = "by class"
    NAME = "by name"


@dataclass(frozen=True)
class Opinion:
    """A model's answers about N pictures: `probabilities` (N, K) are calibrated; `is_none` bool (N,)."""

    name: str
    classes: tuple[str, ...]
    probabilities: np.ndarray
    is_none: np.ndarray

    @property
    def guesses(self) -> np.ndarray:
        """The most probable class (N,), also of what is none of them."""
        return self.probabilities.argmax(1)

    @property
    def confidence(self) -> np.ndarray:
        """The probability (N,) of that class."""
        return self.probabilities.max(1)

    @property
    def words(self) -> list[str]:
        """What each picture is taken for: a class, or none of these."""
        pairs = zip(self.guesses.tolist(), self.is_none.tolist(), strict=True)
        return [NONE_OF_THESE if none else self.classes[guess] for guess, none in pairs]


def opinion_of(name: str, answers: Answers, farthest: float = np.inf) -> Opinion:
    """The answers with honest probabilities, and none of these beyond the distance `farthest`."""
    count = len(answers.positions)
    is_none = np.zeros(count, bool) if answers.distances is None else answers.distances > farthest
    probabilities = calibrated(answers.probabilities, answers.temperature)
    return Opinion(name, answers.classes, probabilities, is_none)


def differ(opinion: Opinion, other: Opinion) -> np.ndarray:
    """bool (N,): where two models say different words."""
    return np.array([a != b for a, b in zip(opinion.words, other.words, strict=True)], bool)


def part_of(
    opinion: Opinion,
    which: Which,
    *,
    label: str | None = None,
    truths: Sequence[str | None] = (),
    other: Opinion | None = None,
    labelled: Sequence[int] = (),
) -> np.ndarray:
    """bool (N,): which pictures are meant; with `label` only those that are taken for it."""
    words = opinion.words
    everything = np.ones(len(words), bool)
    match which:
        case Which.NONE:
            inside = opinion.is_none
        case Which.DOUBT:
            inside = opinion.confidence < DOUBTFUL
        case Which.MISTAKES:
            pairs = zip(truths, words, strict=True)
            inside = np.array([truth is not None and truth != word for truth, word in pairs], bool)
        case Which.DIFFERENT:
            inside = everything if other is None else differ(opinion, other)
        case Which.LABELLED:
            inside = np.isin(np.arange(len(words)), list(labelled))
        case _:
            inside = everything
    return inside if label is None else inside & np.array([word == label for word in words], bool)


def ordered(opinion: Opinion, names: Sequence[str], rows: np.ndarray, order: Order) -> np.ndarray:
    """`rows` (M,) of the pictures in that order; equal ones stay as they were given."""
    match order:
        case Order.DOUBTFUL:
            return rows[np.argsort(opinion.confidence[rows], kind="stable")]
        case Order.SUREST:
            return rows[np.argsort(-opinion.confidence[rows], kind="stable")]
        case Order.CLASS:
            words = opinion.words
            return np.array(sorted(rows.tolist(), key=lambda row: words[row]), np.int64)
        case Order.NAME:
            return np.array(sorted(rows.tolist(), key=lambda row: names[row]), np.int64)
    return rows


def top_classes(probabilities: np.ndarray, k: int) -> np.ndarray:
    """Indices of the `k` most probable of (K,) classes, the most probable first."""
    return np.argsort(-probabilities, kind="stable")[:k]
