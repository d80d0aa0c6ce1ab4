import pytest

import core.comparison.route_comparison as module
from core.comparison.learning_curve import SHARES
from core.comparison.route_comparison import (
    forget_comparison,
    list_comparisons,
    load_comparison,
    runs_of,
    start_again,
    start_comparison,
    stop_all,
)
from core.comparison.routes import Route, RouteSettings
from core.data.dataset import Dataset
from core.data.splitting import current_split, load_split
from core.errors import RunError
from core.runs.store import Run, RunState, Status, delete_run, list_runs
from core.workspace import Workspace


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs that are started; no process is."""
    ids: list[str] = []
    monkeypatch.setattr(module, "launch", lambda run: ids.append(run.id))
    return ids


def end(run: Run, state: RunState) -> None:
    run.write_status(Status(state))


def test_every_route_on_every_share_is_made_and_started(
    workspace: Workspace, digits: Dataset, launched: list[str]
) -> None:
    split = current_split(digits)
    comparison = start_comparison(workspace, digits, split, RouteSettings(shares=SHARES))
    assert launched == [entry.run_id for entry in comparison.entries]
    assert [(entry.route, entry.share) for entry in comparison.entries[:5]] == [(route, 1) for route in Route]
    assert len(comparison.entries) == len(Route) * len(SHARES)
    assert load_comparison(workspace, comparison.id) == comparison
    assert list_comparisons(workspace) == [comparison]
    for entry, run in runs_of(workspace, comparison):
        config = run.config()
        assert len(load_split(digits, config["split_id"]).train) == entry.pictures
        assert (config["split_id"] == split.id) is (entry.share == 1)
    assert current_split(digits) == split


def test_other_seeds_train_on_all_pictures_again(
    workspace: Workspace, digits: Dataset, launched: list[str]
) -> None:
    settings = RouteSettings(seed=5, seeds=3, shares=(0.5, 1.0))
    comparison = start_comparison(workspace, digits, current_split(digits), settings)
    assert load_comparison(workspace, comparison.id) == comparison
    for route in Route:
        trainings = [(entry.share, entry.again) for entry in comparison.entries if entry.route is route]
        assert trainings == [(1, 0), (0.5, 0), (1, 1), (1, 2)]
    for entry, run in runs_of(workspace, comparison):
        config = run.config()
        assert config.get("seed", config.get("training", {}).get("seed")) == 5 + entry.again
    assert len({run.name for run in list_runs(workspace.runs)}) == len(comparison.entries)


def test_one_that_cannot_start_stops_no_other_and_can_be_tried_again(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Run] = []

    def launch(run: Run) -> None:
        tried.append(run)
        if len(tried) == 2:
            raise RunError("The disk is full.", fix="Free some space.")

    monkeypatch.setattr(module, "launch", launch)
    with pytest.raises(RunError, match="disk is full"):
        start_comparison(workspace, digits, current_split(digits), RouteSettings())
    assert len(tried) == len(Route)
    (comparison,) = list_comparisons(workspace)
    states = [RunState.FINISHED, RunState.FAILED, RunState.STOPPED, RunState.PAUSED, RunState.FINISHED]
    for run, state in zip(tried, states, strict=True):
        end(run, state)
    again = [run.id for run in tried[1:4]]
    tried.clear()
    monkeypatch.setattr(module, "launch", tried.append)
    start_again(workspace, comparison)
    assert [run.id for run in tried] == again


def test_a_deleted_run_leaves_the_others(workspace: Workspace, digits: Dataset, launched: list[str]) -> None:
    comparison = start_comparison(workspace, digits, current_split(digits), RouteSettings())
    for run in list_runs(workspace.runs):
        end(run, RunState.FAILED)
    delete_run(Run(workspace.runs / comparison.entries[0].run_id))
    found = [run for _, run in runs_of(workspace, comparison)]
    assert found[0] is None
    assert None not in found[1:]
    launched.clear()
    start_again(workspace, comparison)
    assert len(launched) == len(Route) - 1


def test_all_are_asked_to_stop(
    workspace: Workspace, digits: Dataset, launched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = start_comparison(workspace, digits, current_split(digits), RouteSettings())
    asked: list[str] = []
    monkeypatch.setattr(module, "request_stop", lambda run: asked.append(run.id))
    stop_all(workspace, comparison)
    assert asked == launched[::-1]


def test_missing_and_damaged_ones(workspace: Workspace, digits: Dataset, launched: list[str]) -> None:
    comparison = start_comparison(workspace, digits, current_split(digits), RouteSettings())
    with pytest.raises(RunError, match="There is no comparison"):
        load_comparison(workspace, "nothing")
    file = workspace.root / "comparisons" / f"{comparison.id}.json"
    file.write_text('{"id": 3}')
    with pytest.raises(RunError, match="can't be read"):
        load_comparison(workspace, comparison.id)
    assert list_comparisons(workspace) == []
    forget_comparison(workspace, comparison.id)
    assert not file.exists()
    assert len(list_runs(workspace.runs)) == len(Route)
