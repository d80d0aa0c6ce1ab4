import pytest

from core.comparison.contender import contender_of
from core.comparison.intervals import Estimate
from core.comparison.scores import Score, accuracy
from core.comparison.seeds import SeedSpread, seed_spread
from core.data.dataset import Dataset
from core.workspace import Workspace
from tests.core.comparison.outcomes import ended_run, labels_of, random_probabilities


def test_each_route_has_the_scores_of_its_trainings(workspace: Workspace, digits: Dataset) -> None:
    labels = labels_of(60, 10)
    said = [random_probabilities(60, 10, seed) for seed in range(4)]
    runs = [ended_run(workspace, digits, str(seed), each, labels) for seed, each in enumerate(said)]
    routes = ("head only", "CNN", "head only", "CNN")
    spreads = seed_spread([(route, contender_of(run)) for route, run in zip(routes, runs, strict=True)])
    assert [(spread.route, spread.trainings) for spread in spreads] == [("head only", 2), ("CNN", 2)]
    assert spreads[0].scores[Score.ACCURACY] == (accuracy(said[0], labels), accuracy(said[2], labels))
    assert seed_spread([]) == []


def test_range() -> None:
    spread = SeedSpread("CNN", {Score.ACCURACY: (0.8, 0.9, 0.85)})
    assert spread.range_of(Score.ACCURACY) == Estimate(pytest.approx(0.85), 0.8, 0.9)
