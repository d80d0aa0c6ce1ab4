"""Runs that have ended and go on with other settings; their workers run in this process."""

from dataclasses import replace

import pytest

from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.errors import ConfigError, RunError
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.runs.continuing import continue_run, continue_slower, go_on_without
from core.runs.store import Run, RunState, Status, create_run
from core.runs.worker import work
from core.training.config import CnnRunConfig, Optimizer
from core.workspace import Workspace
from tests.digits import may_lose_pictures, small_run

UNBOUNDED = CnnConfig((ConvBlock(8),))


@pytest.fixture(autouse=True)
def work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.runs.continuing.launch", work)


def new_run(workspace: Workspace, config: CnnRunConfig) -> Run:
    return create_run(workspace.runs, to_json(config), config.name)


def epochs_of(run: Run) -> list[int]:
    return [record["epoch"] for record in run.metrics()]


def test_more_epochs_than_planned(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, small_run(digits, epochs=1, patience=1))
    assert work(run) == 0
    continue_run(run, 2)
    assert epochs_of(run) == [1, 2, 3]
    assert run.config()["training"]["patience"] is None


def test_a_run_that_diverged_goes_on_with_a_tenth_of_its_learning_rate(
    workspace: Workspace, digits: Dataset
) -> None:
    settings = small_run(digits, epochs=2, optimizer=Optimizer.SGD, learning_rate=100.0)
    run = new_run(workspace, replace(settings, cnn=UNBOUNDED))
    work(run)
    assert (run.status().state, run.status().cause) == (RunState.FAILED, "LossNotFinite")
    continue_slower(run)
    assert run.config()["training"]["learning_rate"] == pytest.approx(10.0)
    assert (run.status().state, run.status().cause) == (RunState.FINISHED, "")
    assert epochs_of(run) == [1, 2]


def test_a_run_goes_on_without_the_pictures_that_it_lost(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, small_run(digits))
    lost = [digits.pictures[row] for row in current_split(digits).train[:2]]
    may_lose_pictures(digits)
    for picture in lost:
        digits.path(picture).unlink()
    work(run)
    assert (run.status().state, run.status().cause) == (RunState.FAILED, "PicturesLost")
    assert set(run.lost_pictures()) == {picture.key for picture in lost}
    go_on_without(run, run.lost_pictures())
    assert run.status().state is RunState.FINISHED
    assert set(run.config()["without"]) == {picture.key for picture in lost}
    assert run.lost_pictures() == ()
    assert run.facts()["without"] == 2


def test_pictures_left_out_before_stay_left_out(workspace: Workspace, digits: Dataset) -> None:
    keys = [picture.key for picture in digits.pictures[:3]]
    run = new_run(workspace, replace(small_run(digits, epochs=1), without=(keys[0],)))
    run.write_status(Status(RunState.FAILED))
    go_on_without(run, keys)
    assert run.config()["without"] == keys


def test_what_cannot_go_on_says_why(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, small_run(digits, learning_rate=1e-8))
    run.write_status(Status(RunState.FAILED))
    before = run.config()
    with pytest.raises(RunError, match="no epochs to add"):
        continue_run(run, 0)
    with pytest.raises(RunError, match="No picture"):
        go_on_without(run, [])
    with pytest.raises(ConfigError, match="learning rate"):
        continue_slower(run)
    assert run.config() == before


@pytest.mark.parametrize("go_on", [lambda run: continue_run(run, 1), continue_slower])
def test_a_run_at_work_is_left_alone(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch, go_on
) -> None:
    run = new_run(workspace, small_run(digits))
    monkeypatch.setattr("core.runs.continuing.is_active", lambda run: True)
    with pytest.raises(RunError, match="still at work"):
        go_on(run)
