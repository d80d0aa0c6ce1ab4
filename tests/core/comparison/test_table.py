import numpy as np
import pytest

from core.comparison.contender import contender_of
from core.comparison.scores import Score, scores_of
from core.comparison.significance import exact_p
from core.comparison.table import compare
from core.data.dataset import Dataset
from core.errors import ConfigError
from core.workspace import Workspace
from tests.core.comparison.outcomes import ended_run, labels_of, random_probabilities, right_on


def contenders(workspace: Workspace, dataset: Dataset, hits: dict[str, np.ndarray]):
    return [
        contender_of(ended_run(workspace, dataset, name, right_on(right), np.zeros(len(right), int)))
        for name, right in hits.items()
    ]


def first_right(number: int, of: int = 100) -> np.ndarray:
    return np.arange(of) < number


def test_rows_by_accuracy_with_tests_against_the_best(workspace: Workspace, digits: Dataset) -> None:
    hits = {"Poor": first_right(60), "Best": first_right(90), "Near": first_right(88)}
    table = compare(contenders(workspace, digits, hits), draws=200)
    assert [row.name for row in table.rows] == ["Best", "Near", "Poor"]
    assert [row.right for row in table.rows] == [90, 88, 60]
    assert (table.part, table.pictures) == ("test", 100)
    best, near, poor = table.rows
    assert best.against_best is None
    assert (near.against_best.test.only_first, near.against_best.test.only_second) == (2, 0)
    assert near.against_best.p == exact_p(2, 0)
    assert not near.against_best.differs
    assert poor.against_best.p == pytest.approx(2 * exact_p(30, 0))  # Holm: the smaller of two
    assert poor.against_best.differs
    assert poor.against_best.behind.value == pytest.approx(0.3)
    assert poor.against_best.behind.low > 0


def test_scores_are_those_of_the_predictions(workspace: Workspace, digits: Dataset) -> None:
    labels, said = labels_of(50, 10), random_probabilities(50, 10, 1)
    run = ended_run(workspace, digits, "One", said, labels, seconds=2.5)
    (row,) = compare([contender_of(run)], draws=100).rows
    assert {score: row.scores[score].value for score in Score} == scores_of(said, labels)
    assert row.costs.seconds == 2.5
    assert row.costs.memory == 5000
    assert row.costs.size == 1234


def test_of_two_that_are_right_equally_often_the_smaller_loss_is_better(
    workspace: Workspace, digits: Dataset
) -> None:
    right, labels = first_right(80), np.zeros(100, int)
    for name, sure in (("Bold", 0.99), ("Careful", 0.8)):
        ended_run(workspace, digits, name, right_on(right, sure), labels)
    from core.runs.store import list_runs

    table = compare([contender_of(run) for run in list_runs(workspace.runs)], draws=50)
    assert [row.name for row in table.rows] == ["Careful", "Bold"]
    assert table.rows[1].against_best.p == 1


def test_runs_of_different_splits_and_none_at_all_are_refused(workspace: Workspace, digits: Dataset) -> None:
    one, other = contenders(workspace, digits, {"One": first_right(5), "Other": first_right(6)})
    other.run.write_config({**other.run.config(), "split_id": "s-other"})
    with pytest.raises(ConfigError, match="not of the same split"):
        compare([one, contender_of(other.run)])
    with pytest.raises(ConfigError, match="no run"):
        compare([])
