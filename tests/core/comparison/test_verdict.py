import numpy as np
import pytest

from core.comparison.costs import Costs
from core.comparison.intervals import Estimate
from core.comparison.scores import Reliability, Score
from core.comparison.significance import exact_p, holm
from core.comparison.table import AgainstBest, ComparisonTable, PairedTest, Row
from core.comparison.verdict import verdict

NOTHING = Reliability(np.zeros(0), np.zeros(0), np.zeros(0, int))


def table(
    *runs: tuple[str, int, float | None, tuple[int, int] | None], part: str = "test"
) -> ComparisonTable:
    """Of (name, right, seconds, (only the best right, only this right)); the best first."""
    tests = [PairedTest(*split, exact_p(*split)) for *_, split in runs if split is not None]
    against = [
        AgainstBest(test, p, Estimate(0.1, 0.05, 0.15))
        for test, p in zip(tests, holm([test.p for test in tests]), strict=True)
    ]
    rows = [
        Row(
            name,
            name,
            {score: Estimate(0.5, 0.4, 0.6) for score in Score},
            right,
            Costs(seconds=seconds),
            NOTHING,
            None if split is None else against.pop(0),
        )
        for name, right, seconds, split in runs
    ]
    return ComparisonTable("d", "s", part, 120, tuple(rows))


def test_what_cannot_be_told_apart_and_the_cheaper_of_them() -> None:
    said = verdict(table(("head only", 113, 80.0, None), ("features + LR", 111, 2.0, (7, 5))))
    assert said[0] == (
        "On these 120 test pictures, head only and features + LR can't be told apart: 113 and 111 are right "
        "(p = 0.77)."
    )
    assert said[1] == "features + LR took 1/40 of the time of head only to train (2 s instead of 1.3 min)."
    assert "validation pictures; test pictures had no say" in said[-1]


def test_several_that_cannot_be_told_apart_give_the_range_of_p() -> None:
    said = verdict(table(("A", 90, None, None), ("B", 89, None, (9, 8)), ("C", 84, None, (10, 4))))
    assert said[0].endswith("A, B and C can't be told apart: 90, 89 and 84 are right (p = 0.36 to 1).")


def test_what_is_worse_by_more_than_chance() -> None:
    said = verdict(table(("A", 113, 10.0, None), ("B", 60, 1.0, (54, 1))))
    assert said[0] == (
        "On these 120 test pictures, A is best: right on 113 of 120, and ahead of all others by more than "
        "chance."
    )
    assert said[1] == (
        "Worse than A by more than chance: B (60 right, 5.0 to 15.0 points of accuracy behind, p < 0.001)."
    )
    assert not any("took" in sentence for sentence in said)  # a worse run is no bargain


def test_too_few_disagreements_are_no_proof() -> None:
    said = verdict(table(("A", 119, None, None), ("B", 116, None, (3, 0))))
    assert "so few of these pictures that no test could tell them apart" in said[1]
    assert not any("so few" in each for each in verdict(table(("A", 9, None, None), ("B", 6, None, (9, 6)))))


def test_validation_pictures_are_called_what_they_are() -> None:
    said = verdict(table(("A", 100, None, None), part="valid"))
    assert said[0] == "On these 120 validation pictures, A is right on 100 of 120."
    assert "too good" in said[-1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1.2, None), (1.6, "two thirds"), (2.0, "1/2 "), (38.7, "1/39 "), (1234.0, "1/1,200 ")],
)
def test_shares_of_the_time_have_the_digits_that_a_time_is_good_for(
    seconds: float, words: str | None
) -> None:
    said = " ".join(verdict(table(("A", 100, seconds, None), ("B", 99, 1.0, (7, 6)))))
    assert ("took" in said) is (words is not None)
    assert words is None or f"B took {words}" in said
