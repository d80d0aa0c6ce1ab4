from dataclasses import replace

import numpy as np
import pytest

from core.comparison.contender import (
    aligned_predictions,
    check_comparable,
    common_part,
    contender_of,
    difference,
)
from core.data.dataset import Dataset
from core.errors import ConfigError
from core.workspace import Workspace
from tests.core.comparison.outcomes import ended_run, labels_of, random_probabilities
from tests.pages.runs import failed_run, run_at_work

PICTURES, CLASSES = 40, 10


@pytest.fixture
def two(workspace: Workspace, digits: Dataset):
    labels = labels_of(PICTURES, CLASSES)
    runs = [
        ended_run(workspace, digits, name, random_probabilities(PICTURES, CLASSES, seed), labels)
        for seed, name in enumerate(["One", "Other"])
    ]
    return [contender_of(run) for run in runs]


def test_runs_of_one_split_can_be_compared(two) -> None:
    one, other = two
    assert difference(one, other) is None
    check_comparable(one, other)
    assert common_part(two) == "test"


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"split_id": "s-other"}, "split"),
        ({"dataset_id": "other"}, "data set"),
        ({"classes": ("a", "b")}, "list of classes"),
    ],
)
def test_another_question_is_refused_with_both_sides(two, change: dict, differs: str) -> None:
    one, other = two[0], replace(two[1], **change)
    assert difference(one, other) == differs
    with pytest.raises(ConfigError, match=f"not of the same {differs}") as refusal:
        check_comparable(one, other)
    assert refusal.value.found == str(next(iter(change.values()))) or differs == "list of classes"
    assert refusal.value.expected
    assert refusal.value.fix


def test_runs_without_predictions_say_why(workspace: Workspace, digits: Dataset) -> None:
    with pytest.raises(ConfigError, match="Found: failed, no predictions"):
        contender_of(failed_run(workspace, digits))
    with run_at_work(workspace, digits) as run, pytest.raises(ConfigError, match="Found: running"):
        contender_of(run)


def test_validation_pictures_where_not_all_have_test_ones(workspace: Workspace, digits: Dataset, two) -> None:
    labels = labels_of(PICTURES, CLASSES)
    said = random_probabilities(PICTURES, CLASSES, 5)
    third = contender_of(ended_run(workspace, digits, "Third", said, labels, part="valid"))
    assert common_part([third]) == "valid"
    with pytest.raises(ConfigError, match="not predicted the same"):
        common_part([*two, third])


def test_the_order_of_the_rows_makes_no_difference(workspace: Workspace, digits: Dataset, two) -> None:
    order = np.random.default_rng(0).permutation(PICTURES)
    labels, said = labels_of(PICTURES, CLASSES), random_probabilities(PICTURES, CLASSES, 1)
    run = ended_run(workspace, digits, "Mixed", said[order], labels[order], rows=np.arange(PICTURES)[order])
    _, straight, mixed = aligned_predictions([*two, contender_of(run)], "test")
    np.testing.assert_array_equal(mixed.probabilities, straight.probabilities)


def test_other_pictures_are_refused(workspace: Workspace, digits: Dataset, two) -> None:
    labels, said = labels_of(PICTURES - 1, CLASSES), random_probabilities(PICTURES - 1, CLASSES, 1)
    fewer = contender_of(ended_run(workspace, digits, "Fewer", said, labels))
    with pytest.raises(ConfigError, match="same pictures") as refusal:
        aligned_predictions([*two, fewer], "test")
    assert "39" in refusal.value.found
