"""Every route, trained for real on a few digits with EfficientNet-Lite0, which is always there."""

import numpy as np
import pytest

from core.comparison.contender import contender_of
from core.comparison.costs import picture_seconds
from core.comparison.routes import Route, RouteSettings, config_of
from core.comparison.scores import Score
from core.comparison.table import ComparisonTable, compare
from core.comparison.verdict import verdict
from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.records import to_json
from core.runs.picture_times import KIND, PictureTimesConfig
from core.runs.store import Run, create_run
from core.runs.worker import work
from core.workspace import Workspace, open_workspace

SETTINGS = RouteSettings(epochs=3, scratch_epochs=12)
CHANCE = 1 / 2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(few_digits: Dataset) -> tuple[Workspace, dict[Route, Run]]:
    workspace, split = open_workspace(few_digits.folder.parents[1]), current_split(few_digits)
    runs = {}
    for route in Route:
        config = config_of(route, few_digits, split, SETTINGS)
        runs[route] = create_run(workspace.runs, to_json(config), config.name)
        assert work(runs[route]) == 0, runs[route].status().message
    return workspace, runs


@pytest.fixture(scope="module")
def table(trained) -> ComparisonTable:
    return compare([contender_of(run) for run in trained[1].values()])


def test_every_route_beats_chance_by_far(table: ComparisonTable) -> None:
    assert len(table.rows) == len(Route)
    for row in table.rows:
        accuracy = row.scores[Score.ACCURACY]
        assert accuracy.low > CHANCE + 0.15, (row.name, accuracy)


def test_every_route_tells_its_costs(trained, table: ComparisonTable) -> None:
    costs = {row.run_id: row.costs for row in table.rows}
    routes = {route: costs[run.id] for route, run in trained[1].items()}
    for cost in routes.values():
        assert cost.seconds > 0
        assert 0 < cost.trainable <= cost.parameters
        assert cost.size > 1000
        assert cost.memory > 1e8
    assert routes[Route.FEATURES].trainable < routes[Route.LAST_BLOCK].trainable
    assert routes[Route.LAST_BLOCK].trainable < routes[Route.FULL].trainable == routes[Route.FULL].parameters
    assert routes[Route.HEAD].seconds < routes[Route.FULL].seconds
    assert any("can't be told apart" in said or "is best" in said for said in verdict(table))


def test_a_picture_is_timed_for_each(trained) -> None:
    workspace, runs = trained
    config = PictureTimesConfig("times", tuple(run.id for run in runs.values()))
    job = create_run(workspace.caches / KIND, to_json(config), "times")
    assert work(job) == 0, job.status().message
    seconds = {route: picture_seconds(run) for route, run in runs.items()}
    assert all(0 < each < 5 for each in seconds.values())
    assert seconds[Route.FROM_SCRATCH] < seconds[Route.FULL]


def test_rows_are_of_the_same_pictures(trained) -> None:
    rows = [np.load(run.folder / "predictions-test.npz")["rows"] for run in trained[1].values()]
    assert all(np.array_equal(np.sort(each), np.sort(rows[0])) for each in rows)
