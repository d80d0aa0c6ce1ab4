"""Quantities of a comparison in words and numbers."""

from collections.abc import Sequence

from core.comparison.intervals import Estimate
from core.comparison.scores import Score

PART_WORDS = {"test": "test", "valid": "validation"}


def score_words(score: Score, value: float) -> str:
    """`93.3 %` for a share, `0.214` for a log loss."""
    return f"{value:.3f}" if score is Score.LOG_LOSS else f"{100 * value:.1f} %"


def interval_words(score: Score, estimate: Estimate) -> str:
    """`93.3 % (87.5–97.5)`."""
    low, high = (score_words(score, end).removesuffix(" %") for end in (estimate.low, estimate.high))
    return f"{score_words(score, estimate.value)} ({low}–{high})"


def time_words(seconds: float) -> str:
    """`3.1 ms`, `0.42 s`, `12 s`, `5 min`, `1.5 h`."""
    for unit, of_a_second in (("ms", 1e-3), ("s", 1.0), ("min", 60.0)):
        number = seconds / of_a_second
        if number < (999.5 if unit == "ms" else 59.5):
            return f"{_short(number)} {unit}"
    return f"{_short(seconds / 3600)} h"


def size_words(n_bytes: float) -> str:
    """In steps of 1,000: `48 KB`, `19 MB`."""
    for unit in ("bytes", "KB", "MB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} GB"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 9.95 else f"{number:.2g}"


def p_words(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
