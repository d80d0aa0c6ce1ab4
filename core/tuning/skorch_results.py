"""What the fits of a cross-validated search say of its candidates. No torch, no scikit-learn."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.tuning.skorch_config import Parameters


@dataclass(frozen=True)
class FitRecord:
    """One candidate trained without one fold, and the share of that fold's pictures that it gets right.

    `accuracy` is None where it could not be trained; `problem` then says why.
    """

    parameters: dict[str, int | float]
    epochs: int
    fold: int
    accuracy: float | None
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class Candidate:
    """One combination of values, trained for `epochs` on the other folds of each.

    `mean` and `std` (over N, as scikit-learn's) are of the accuracies so far, None where one could not be
    trained; `rank` 1 is the best of those with the most epochs.
    """

    parameters: Parameters
    epochs: int
    accuracies: tuple[float, ...]
    mean: float | None
    std: float | None
    seconds: float
    rank: int = 0
    problem: str = ""


def candidates_of(records: Iterable[FitRecord]) -> list[Candidate]:
    """The candidates, best first: more epochs before fewer, then the higher mean; failed ones last."""
    fits: dict[tuple[object, ...], list[FitRecord]] = {}
    for record in records:
        fits.setdefault((*sorted(record.parameters.items()), record.epochs), []).append(record)
    searched_epochs = any("max_epochs" in each[0].parameters for each in fits.values())

    def order(candidate: Candidate) -> tuple[float, float]:
        rung = 0 if searched_epochs else -candidate.epochs
        return (rung, -candidate.mean) if candidate.mean is not None else (math.inf, 0.0)

    found = sorted(map(_candidate, fits.values()), key=order)
    ranked: list[Candidate] = []
    for place, candidate in enumerate(found, 1):
        tied = ranked and order(ranked[-1]) == order(candidate)
        rank = ranked[-1].rank if tied else place
        ranked.append(replace(candidate, rank=rank))
    return ranked


def _candidate(fits: list[FitRecord]) -> Candidate:
    fits = sorted(fits, key=lambda fit: fit.fold)
    accuracies = tuple(fit.accuracy for fit in fits if fit.accuracy is not None)
    whole = len(accuracies) == len(fits)
    return Candidate(
        fits[0].parameters,
        fits[0].epochs,
        accuracies,
        statistics.fmean(accuracies) if whole else None,
        statistics.pstdev(accuracies) if whole else None,
        sum(fit.seconds for fit in fits),
        problem=next((fit.problem for fit in fits if fit.problem), ""),
    )
