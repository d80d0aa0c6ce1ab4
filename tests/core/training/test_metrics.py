import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from core.training.metrics import accuracy_interval, class_scores, confusion_matrix


def test_scores_equal_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    targets, predicted = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    confusion = confusion_matrix(targets, predicted, 4)
    assert np.array_equal(confusion, sklearn_metrics.confusion_matrix(targets, predicted))
    expected = sklearn_metrics.precision_recall_fscore_support(targets, predicted)
    ours = class_scores(confusion, ("a", "b", "c", "d"))
    for index, score in enumerate(ours):
        found = (score.precision, score.recall, score.f1, score.support)
        assert found == pytest.approx([float(column[index]) for column in expected])


def test_a_class_without_pictures_has_no_score() -> None:
    confusion = confusion_matrix(np.array([0, 0]), np.array([0, 0]), 2)
    empty = class_scores(confusion, ("a", "b"))[1]
    assert (empty.precision, empty.recall, empty.f1, empty.support) == (None, None, None, 0)


@given(st.integers(1, 5000), st.data())
def test_the_interval_holds_the_accuracy_and_narrows(total: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, total))
    low, high = accuracy_interval(correct, total)
    assert 0 <= low <= correct / total + 1e-12 <= high + 2e-12 <= 1 + 2e-12
    wider = accuracy_interval(correct * 4, total * 4)
    assert wider[1] - wider[0] < high - low


def test_the_interval_is_wilsons() -> None:
    # Newcombe (1998), table I: 81 of 263.
    assert accuracy_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-4)
