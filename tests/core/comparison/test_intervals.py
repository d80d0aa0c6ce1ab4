import time

import numpy as np
import pytest

import core.comparison.intervals as intervals
from core.comparison.intervals import bootstrap
from core.comparison.scores import Score, scores_of
from core.training.metrics import accuracy_interval
from tests.core.comparison.outcomes import labels_of, random_probabilities, right_on


def test_each_draw_scores_as_the_pictures_it_holds() -> None:
    labels = labels_of(60, 4)
    runs = [random_probabilities(60, 4, seed) for seed in (1, 2)]
    sure = bootstrap(runs, labels, draws=25, seed=3)
    generator = np.random.default_rng(3)
    for draw in range(25):
        drawn = generator.integers(0, 60, 60)
        for run, probabilities in enumerate(runs):
            expected = scores_of(probabilities[drawn], labels[drawn])
            for score in Score:
                assert sure.drawn[score][run, draw] == pytest.approx(expected[score], abs=1e-5)


def test_pieces_of_the_draws_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, runs = labels_of(50, 3), [random_probabilities(50, 3, 1)]
    whole = bootstrap(runs, labels, draws=40)
    monkeypatch.setattr(intervals, "CELLS", 50 * 7)
    parts = bootstrap(runs, labels, draws=40)
    for score in Score:
        np.testing.assert_allclose(parts.drawn[score], whole.drawn[score], rtol=1e-5)


def test_an_interval_holds_its_score_and_a_seed_gives_it_again() -> None:
    labels = labels_of(90, 30)  # three pictures a class: macro-F1 of draws is far below that of all
    probabilities = random_probabilities(90, 30, 1)
    sure, again, other = (bootstrap([probabilities], labels, draws=300, seed=seed) for seed in (0, 0, 1))
    assert np.percentile(sure.drawn[Score.MACRO_F1], 97.5) < sure.estimate(0, Score.MACRO_F1).high
    for score in Score:
        estimate = sure.estimate(0, score)
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate == again.estimate(0, score)
    assert sure.estimate(0, Score.LOG_LOSS) != other.estimate(0, Score.LOG_LOSS)


@pytest.mark.parametrize("score", [Score.ACCURACY, Score.MACRO_F1])
def test_all_right_is_no_certainty(score: Score) -> None:
    probabilities = right_on(np.ones(120, bool))
    estimate = bootstrap([probabilities], np.zeros(120, int), draws=50).estimate(0, score)
    assert (estimate.low, estimate.high) == accuracy_interval(120, 120)
    assert estimate.low < 0.98


def test_a_paired_difference_is_surer_than_two_intervals() -> None:
    right = np.random.default_rng(0).random(400) < 0.8
    slightly_better = right.copy()
    slightly_better[np.flatnonzero(~right)[:16]] = True
    runs = [right_on(slightly_better), right_on(right)]
    sure = bootstrap(runs, np.zeros(400, int), draws=1000)
    difference = sure.difference(0, 1, Score.ACCURACY)
    assert difference.value == pytest.approx(16 / 400)
    assert difference.low > 0
    better, worse = (sure.estimate(run, Score.ACCURACY) for run in (0, 1))
    assert better.low < worse.high  # apart, they overlap


@pytest.mark.parametrize("score", [Score.ACCURACY, Score.LOG_LOSS])
def test_95_of_100_intervals_hold_the_truth(score: Score) -> None:
    generator = np.random.default_rng(0)
    truth = 0.7 if score is Score.ACCURACY else -(0.7 * np.log(0.9) + 0.3 * np.log(0.1))
    held = 0
    for trial in range(300):
        probabilities = right_on(generator.random(120) < 0.7)
        estimate = bootstrap([probabilities], np.zeros(120, int), draws=200, seed=trial).estimate(0, score)
        held += estimate.low <= truth <= estimate.high
    assert 0.91 <= held / 300 <= 0.98


@pytest.mark.slow
def test_2000_draws_of_10000_pictures_for_5_runs_take_a_moment() -> None:
    labels = labels_of(10_000, 10)
    runs = [random_probabilities(10_000, 10, seed) for seed in range(5)]
    took = []
    for _ in range(3):  # a busy machine slows some of them
        begun = time.perf_counter()
        bootstrap(runs, labels)
        took.append(time.perf_counter() - begun)
    assert min(took) < 2
