"""Scores of a study as a reader says them."""

from core.comparison.scores import Score
from core.figures.tuning import Measure


def measure_of(objective: Score) -> Measure:
    name = "validation loss" if objective is Score.LOG_LOSS else f"validation {objective}"
    return Measure(name, objective.higher_is_better, objective is not Score.LOG_LOSS)


def score_words(objective: Score, score: float | None) -> str:
    if score is None:
        return "–"
    return f"{score:.4f}" if objective is Score.LOG_LOSS else f"{score:.1%}"
