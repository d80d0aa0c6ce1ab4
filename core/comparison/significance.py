"""Whether two runs differ by more than chance: McNemar's exact test, with Holm's correction. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

import numpy as np

LEVEL = 0.05  # of error: how often a difference is claimed where there is none


@dataclass(frozen=True)
class PairedTest:
    """Two runs on the same pictures: how many only the first, and only the second, has right.

    `p` is the chance of numbers at least as uneven, were both runs right equally often: two-sided.
    """

    only_first: int
    only_second: int
    p: float

    @property
    def disagreements(self) -> int:
        return self.only_first + self.only_second

    @property
    def could_differ(self) -> bool:
        """Whether so few pictures could tell the runs apart at all, had they all gone one way."""
        return exact_p(0, self.disagreements) < LEVEL


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> PairedTest:
    """McNemar's test in its exact form (1947), on bool (N,): which pictures each of two runs has right."""
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    return PairedTest(only_first, only_second, exact_p(only_first, only_second))


def exact_p(one: int, other: int) -> float:
    """Two-sided p of `one` heads and `other` tails of a fair coin: the binomial test."""
    tosses = one + other
    tail, term = 0, 1
    for heads in range(min(one, other) + 1):
        term = comb(tosses, heads) if heads == 0 else term * (tosses - heads + 1) // heads
        tail += term
    return min(1.0, float(Fraction(2 * tail, 2**tosses)))


def holm(ps: Sequence[float]) -> list[float]:
    """p values in the same order, adjusted for that many tests together (Holm 1979)."""
    adjusted = [0.0] * len(ps)
    largest = 0.0
    for place, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        largest = max(largest, min(1.0, (len(ps) - place) * ps[index]))
        adjusted[index] = largest
    return adjusted
