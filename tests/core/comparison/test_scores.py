import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from core.comparison.scores import (
    BINS,
    Score,
    accuracy,
    calibration_error,
    log_loss,
    macro_f1,
    reliability,
    scores_of,
)
from tests.core.comparison.outcomes import random_probabilities


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("pictures", [1, 7, 400])
def test_scores_are_those_of_scikit_learn(pictures: int, classes: int) -> None:
    probabilities = random_probabilities(pictures, classes, seed=classes)
    labels = np.random.default_rng(1).integers(0, classes, pictures)
    predicted = probabilities.argmax(1)
    assert accuracy(probabilities, labels) == accuracy_score(labels, predicted)
    assert macro_f1(probabilities, labels) == pytest.approx(f1_score(labels, predicted, average="macro"))
    expected = sklearn_log_loss(labels, probabilities, labels=range(classes))
    assert log_loss(probabilities, labels) == pytest.approx(expected, rel=1e-5)


def test_calibration_error_is_that_of_the_curve_of_scikit_learn() -> None:
    probabilities = random_probabilities(500, 3, seed=0)
    labels = np.arange(500) % 3
    right, confidence = probabilities.argmax(1) == labels, probabilities.max(1)
    share, mean = calibration_curve(right, confidence, n_bins=BINS)
    diagram = reliability(probabilities, labels)
    np.testing.assert_allclose(diagram.accuracy, share)
    np.testing.assert_allclose(diagram.confidence, mean, rtol=1e-6)
    assert diagram.pictures.sum() == 500
    expected = (np.abs(share - mean) * diagram.pictures).sum() / 500
    assert calibration_error(probabilities, labels) == pytest.approx(expected)


def test_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    labels = np.array([0, 0, 1, 1])
    scores = scores_of(probabilities, labels)
    assert scores[Score.ACCURACY] == 0.75
    assert scores[Score.MACRO_F1] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert scores[Score.LOG_LOSS] == pytest.approx(-np.log([0.9, 0.8, 0.7, 0.4]).mean())
    # Bins of 1/15: 0.9, 0.8 (its right edge: the bin below), 0.7 and 0.6 (an edge again) stand alone.
    assert scores[Score.CALIBRATION_ERROR] == pytest.approx((0.1 + 0.2 + 0.3 + 0.6) / 4)


def test_a_confident_mistake_stays_finite() -> None:
    probabilities = np.array([[1, 0]], np.float32)
    assert log_loss(probabilities, np.array([1])) == pytest.approx(-np.log(np.finfo(np.float32).eps))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 1000))
def test_bounds(pictures: int, classes: int, seed: int) -> None:
    probabilities = random_probabilities(pictures, classes, seed)
    labels = np.random.default_rng(seed).integers(0, classes, pictures)
    scores = scores_of(probabilities, labels)
    for score in (Score.ACCURACY, Score.MACRO_F1, Score.CALIBRATION_ERROR):
        assert 0 <= scores[score] <= 1
    assert scores[Score.LOG_LOSS] >= 0
    diagram = reliability(probabilities, labels)
    assert (diagram.accuracy * diagram.pictures).sum() / pictures == pytest.approx(scores[Score.ACCURACY])
