import json
from dataclasses import replace

import pytest

from core.data.dataset import Dataset
from core.records import to_json
from core.runs.place import Place, put_at
from core.runs.store import TRIAL_FILE, RunState, Status, TrialOf, create_run
from core.training.device import Device
from core.tuning.forecast import forecast
from core.tuning.parameters import Choice
from core.tuning.space import Space
from core.tuning.study_config import Method, StudyConfig
from core.workspace import Workspace, write_json
from tests.core.tuning.bases import RATE
from tests.digits import small_run


def test_earlier_runs_tell_how_long_a_study_takes(workspace: Workspace, digits: Dataset) -> None:
    base = small_run(digits, epochs=4)
    config = StudyConfig("Study", base, RATE, method=Method.RANDOM, trials=10)
    unknown = forecast(workspace, config, 350, 75)
    assert (unknown.trials, unknown.seconds) == (10, None)
    run = create_run(workspace.runs, to_json(small_run(digits, epochs=2)), "Earlier")
    run.metrics_file.write_text("".join(json.dumps({"epoch": e, "seconds": 2.0}) + "\n" for e in (1, 2)))
    run.write_status(Status(RunState.FINISHED, started=100.0, finished=107.0))
    told = forecast(workspace, config, 350, 75)
    assert told.trial_seconds == pytest.approx(3 + 4 * 2)
    assert told.seconds == pytest.approx(10 * 11)
    shared = forecast(workspace, StudyConfig("S", base, RATE, trials=10, at_once=2), 1, 1)
    assert (shared.trial_seconds, shared.seconds) == (22, 110)
    assert forecast(workspace, StudyConfig("S", base, RATE, trials=10, minutes=1.0), 1, 1).seconds == 60


def test_trials_with_a_device_each_gain_from_others(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.tuning.forecast._times", lambda run: [(3.0, 2.0)])
    place = Place("head:6379")
    create_run(workspace.runs, to_json(small_run(digits)), "Here")
    at_cluster = StudyConfig("S", small_run(digits, epochs=4), RATE, trials=10, at_once=2, place=place)
    assert forecast(workspace, at_cluster, 1, 1).seconds is None  # a run here tells nothing about there
    put_at(create_run(workspace.runs, to_json(small_run(digits)), "There"), place)
    assert forecast(workspace, at_cluster, 1, 1).seconds == 55
    monkeypatch.setattr("core.tuning.trial_runs.visible_devices", lambda: (Device("cuda:0", "GPU"),))
    assert forecast(workspace, replace(at_cluster, place=None), 1, 1).seconds == 55


def test_trials_that_shared_the_cores_don_t_tell_of_one_alone(workspace: Workspace, digits: Dataset) -> None:
    config = StudyConfig("S", small_run(digits), RATE)
    run = create_run(workspace.runs, to_json(small_run(digits)), "Trial")
    run.metrics_file.write_text(json.dumps({"epoch": 1, "seconds": 2.0}) + "\n")
    run.write_status(Status(RunState.FINISHED, started=100.0, finished=107.0))
    assert forecast(workspace, config, 1, 1).seconds is not None
    write_json(run.folder / TRIAL_FILE, to_json(TrialOf("study", 1, threads=1)))
    assert forecast(workspace, config, 1, 1).seconds is None


def test_a_grid_says_its_points(workspace: Workspace, digits: Dataset) -> None:
    space = Space((*RATE.parameters, Choice("batch_size", (16, 32))))
    grid = StudyConfig("Grid", small_run(digits), space, method=Method.GRID, trials=None)
    assert forecast(workspace, grid, 350, 75).trials == 6
