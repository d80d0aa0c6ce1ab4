"""Scores of a study as a reader says them."""

from core.comparison.scores import Score


def is_percent(objective: Score) -> bool:
    return objective is not Score.LOG_LOSS


def objective_words(objective: Score) -> str:
    return "validation loss" if objective is Score.LOG_LOSS else f"validation {objective}"


def score_words(objective: Score, score: float | None) -> str:
    if score is None:
        return "–"
    return f"{score:.1%}" if is_percent(objective) else f"{score:.4f}"
