import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.comparison.significance import PairedTest, exact_p, holm, mcnemar


@pytest.mark.parametrize(
    ("one", "other", "p"),
    [
        (0, 0, 1.0),
        (1, 1, 1.0),
        (0, 5, 2 / 32),
        (0, 6, 2 / 64),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (4, 4, 1.0),
    ],
)
def test_by_hand(one: int, other: int, p: float) -> None:
    assert exact_p(one, other) == pytest.approx(p, rel=1e-12)
    assert exact_p(other, one) == pytest.approx(p, rel=1e-12)


@given(st.integers(0, 300), st.integers(0, 300))
def test_as_the_binomial_test(one: int, other: int) -> None:
    expected = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    assert exact_p(one, other) == pytest.approx(expected, rel=1e-9)


def test_many_pictures() -> None:
    assert exact_p(5000, 5200) == pytest.approx(binomtest(5000, 10_200, 0.5).pvalue, rel=1e-9)


def test_only_what_one_of_them_has_right_counts() -> None:
    first = np.array([1, 1, 1, 0, 0, 1], bool)
    second = np.array([1, 1, 0, 1, 0, 0], bool)
    assert mcnemar(first, second) == PairedTest(2, 1, 1.0)


@pytest.mark.parametrize(("disagreements", "could"), [(0, False), (5, False), (6, True), (40, True)])
def test_few_disagreements_can_tell_nothing(disagreements: int, could: bool) -> None:
    assert PairedTest(0, disagreements, 1.0).could_differ is could


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_lowers_nothing(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= after <= 1 for p, after in zip(ps, adjusted, strict=True))
    order = np.argsort(ps, kind="stable")
    assert all(np.diff(np.array(adjusted)[order]) >= 0)
    assert max(adjusted) <= len(ps) * max(ps) + 1e-12


def test_equal_runs_are_told_apart_by_chance_in_at_most_5_of_100() -> None:
    generator = np.random.default_rng(0)
    ps = [mcnemar(generator.random(200) < 0.8, generator.random(200) < 0.8).p for _ in range(1000)]
    assert 0.01 < np.mean(np.array(ps) < 0.05) <= 0.06
