"""Real studies: processes, trials that train, and a study that is killed in the middle."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from core.data.dataset import Dataset
from core.runs.launcher import launch, request_pause, request_stop
from core.runs.store import Run, RunState, delete_run, is_active, list_runs, open_run
from core.tuning.studies import add_trials, config_of, list_studies, start_study
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import Trials, TrialState, load_trials
from core.workspace import Workspace
from tests.core.tuning.bases import RATE
from tests.digits import small_run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_workers")]
PATIENCE = 120.0  # seconds


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def study(workspace: Workspace, digits: Dataset) -> Run:
    config = StudyConfig("Small study", small_run(digits, epochs=2), RATE, method=Method.RANDOM, trials=2)
    return start_study(workspace, config)


def trials_of(study: Run) -> Trials:
    return load_trials(study.folder)


def test_a_study_survives_a_kill_gets_another_trial_pauses_and_stops(
    workspace: Workspace, study: Run
) -> None:
    wait_for(lambda: is_running(study))
    os.kill(study.status().pid, signal.SIGKILL)
    wait_for(lambda: study.status().state is RunState.LOST)
    launch(study)
    wait_for(lambda: not is_active(study))
    assert study.status().state is RunState.FINISHED, study.log()
    trials = trials_of(study)
    assert [(trial.state, trial.reason) for trial in trials.all] == [(TrialState.FINISHED, "")] * 2
    runs = list_runs(workspace.runs)
    assert sorted(run.id for run in runs) == sorted(str(trial.run_id) for trial in trials.all)
    for trial in trials.all:
        run = open_run(workspace.runs, str(trial.run_id))
        assert run.config()["training"]["learning_rate"] == trial.values["learning_rate"]
        assert trial.score == pytest.approx(run.status().result["best_accuracy"])
        assert run.log().count("Epoch 1:") == 1

    add_trials(study, 1, None)
    assert config_of(study).trials == 3
    wait_for(lambda: is_running(study))
    request_pause(study)
    wait_for(lambda: not is_active(study))
    assert study.status().state is RunState.PAUSED
    assert [trial.state for trial in trials_of(study).open] == [TrialState.INTERRUPTED]
    assert not any(is_active(run) for run in list_runs(workspace.runs))
    launch(study)
    wait_for(lambda: is_running(study))
    request_stop(study)
    wait_for(lambda: not is_active(study))
    assert study.status().state is RunState.STOPPED
    assert not trials_of(study).open
    delete_run(study)
    assert list_studies(workspace) == []


def is_running(study: Run) -> bool:
    return any(trial.state is TrialState.RUNNING for trial in trials_of(study).all)
