from collections import Counter

import pytest

from core.comparison.contender import contender_of
from core.comparison.learning_curve import SHARES, learning_curve, training_share
from core.comparison.scores import Score, scores_of
from core.data.dataset import Dataset
from core.data.splitting import current_split, keep_split, load_split
from core.errors import ConfigError
from core.workspace import Workspace
from tests.core.comparison.outcomes import ended_run, labels_of, random_probabilities


def test_shares_are_nested_stratified_and_leave_the_test_alone(digits: Dataset) -> None:
    split = current_split(digits)
    parts = {share: training_share(digits, split, share, seed=1) for share in SHARES}
    all_labels = Counter(digits.pictures[index].label for index in split.train)
    smaller: set[int] = set()
    for share, part in parts.items():
        assert (part.test, part.valid) == (split.test, split.valid)
        assert smaller <= set(part.train)
        smaller = set(part.train)
        for label, number in Counter(digits.pictures[index].label for index in part.train).items():
            assert number == max(2, round(share * all_labels[label]))
    assert parts[1.0] == split
    assert len({part.id for part in parts.values()}) == len(SHARES)


def test_a_seed_draws_the_same_pictures_again(digits: Dataset) -> None:
    split = current_split(digits)
    assert training_share(digits, split, 0.25, 3) == training_share(digits, split, 0.25, 3)
    assert training_share(digits, split, 0.25, 3) != training_share(digits, split, 0.25, 4)


def test_a_share_can_be_kept_beside_the_current_split(digits: Dataset) -> None:
    split = current_split(digits)
    part = training_share(digits, split, 0.5, 0)
    keep_split(digits, part)
    assert load_split(digits, part.id) == part
    assert current_split(digits) == split


@pytest.mark.parametrize("share", [0, -0.5, 1.5])
def test_shares_out_of_range_are_refused(digits: Dataset, share: float) -> None:
    with pytest.raises(ConfigError, match="share of the training pictures"):
        training_share(digits, current_split(digits), share, 0)


def test_points_are_scored_on_the_same_pictures_whatever_the_split(
    workspace: Workspace, digits: Dataset
) -> None:
    labels = labels_of(60, 10)
    said = {share: random_probabilities(60, 10, seed, skill=3 * share) for seed, share in enumerate(SHARES)}
    learners = [
        (
            "a route",
            share,
            round(share * 300),
            contender_of(
                ended_run(workspace, digits, str(share), said[share], labels, split_id=f"s-{share}")
            ),
        )
        for share in SHARES
    ]
    points = learning_curve(learners, draws=100)
    assert [(point.route, point.share, point.pictures) for point in points] == [
        ("a route", share, round(share * 300)) for share in SHARES
    ]
    for point in points:
        expected = scores_of(said[point.share], labels)
        assert {score: point.scores[score].value for score in Score} == expected
    assert learning_curve([]) == []
