"""Runs of trials in every state that a study can meet; no process is started."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import core.tuning.trial_runs as module
from core.comparison.scores import Score
from core.data.dataset import Dataset
from core.runs.slots import device_slot
from core.runs.store import Run, RunState, Status, create_run, delete_run, list_runs
from core.training.predictions import save_predictions
from core.tuning.studies import FOLDER, START_FILE
from core.tuning.study_config import StudyConfig
from core.tuning.trial_runs import TrialRuns
from core.tuning.trials import Trial, TrialState
from core.workspace import Workspace
from tests.core.tuning.bases import RATE
from tests.digits import small_run


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ids: list[str] = []
    monkeypatch.setattr(module, "launch", lambda run: ids.append(run.id))
    return ids


@pytest.fixture
def runs(workspace: Workspace, digits: Dataset, launched: list[str]) -> TrialRuns:
    return runs_of(workspace, digits)


def runs_of(workspace: Workspace, digits: Dataset, **settings) -> TrialRuns:
    config = StudyConfig("Study", small_run(digits), RATE, **settings)
    return TrialRuns(workspace, create_run(workspace.root / FOLDER, {"name": "Study"}, "Study"), config)


def made(runs: TrialRuns, number: int = 1) -> Trial:
    trial = Trial(number, {"learning_rate": 1e-3})
    run_id = runs.make(trial, replace(runs._config.base, name="Trial"))
    return replace(trial, state=TrialState.RUNNING, run_id=run_id)


def end(workspace: Workspace, trial: Trial, status: Status) -> Run:
    run = Run(workspace.runs / str(trial.run_id))
    (run.folder / "launch.json").write_text('{"pid": 1, "process_started": 0}')
    run.write_status(status)
    return run


def predict(run: Run, right: int, of: int) -> None:
    said = np.eye(2, dtype=np.float32)[(np.arange(of) >= right).astype(int)]
    save_predictions(run.folder, "valid", np.arange(of), np.zeros(of, int), said)


def test_a_run_is_made_once_and_found_again(
    workspace: Workspace, runs: TrialRuns, launched: list[str]
) -> None:
    first = made(runs)
    assert made(runs) == first  # as after a kill between making the run and keeping its id
    assert made(runs, 2) != first
    assert len(list_runs(workspace.runs)) == 2
    runs.start(first)
    assert launched == [first.run_id]
    mark = Run(workspace.runs / str(first.run_id)).trial_of()
    assert mark is not None
    assert (mark.study_id, mark.number, mark.threads) == (runs._study.id, 1, None)


def test_trials_begin_with_the_weights_of_the_study(workspace: Workspace, runs: TrialRuns) -> None:
    assert not (workspace.runs / str(made(runs).run_id) / START_FILE).exists()
    (runs._study.folder / START_FILE).write_bytes(b"weights")
    assert (workspace.runs / str(made(runs, 2).run_id) / START_FILE).read_bytes() == b"weights"


def test_the_score_is_that_of_the_kept_weights(workspace: Workspace, runs: TrialRuns) -> None:
    trial = made(runs)
    predict(end(workspace, trial, Status(RunState.FINISHED)), 3, 4)
    sight = runs.look(trial)
    assert (sight.state, sight.score) == (TrialState.FINISHED, 0.75)


@pytest.mark.parametrize("objective", [Score.MACRO_F1, Score.LOG_LOSS])
def test_other_objectives_are_those_of_scikit_learn(
    workspace: Workspace, digits: Dataset, launched: list[str], objective: Score
) -> None:
    from sklearn.metrics import f1_score, log_loss

    runs = runs_of(workspace, digits, objective=objective)
    trial = made(runs)
    run = end(workspace, trial, Status(RunState.FINISHED))
    labels = np.array([0, 1, 1, 0, 1])
    said = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])
    save_predictions(run.folder, "valid", np.arange(5), labels, said)
    expected = {
        Score.MACRO_F1: f1_score(labels, said.argmax(1), average="macro"),
        Score.LOG_LOSS: log_loss(labels, said),
    }
    assert runs.look(trial).score == pytest.approx(expected[objective])


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (Status(RunState.PAUSED), TrialState.INTERRUPTED, ""),
        (Status(RunState.STOPPED), TrialState.ABANDONED, "by hand"),
        (Status(RunState.FAILED, message="Gone.", cause="DatasetError"), TrialState.FAILED, "Gone"),
        (
            Status(RunState.FAILED, message="Not finite.", cause="LossNotFinite"),
            TrialState.ABANDONED,
            "finite",
        ),
        (
            Status(RunState.FAILED, message="The device ran out of memory.", cause="RuntimeError"),
            TrialState.ABANDONED,
            "memory",
        ),
        (Status(RunState.FINISHED), TrialState.FAILED, "no predictions"),
        (Status(RunState.RUNNING, pid=1, process_started=1.0), TrialState.FAILED, "died without a word"),
    ],
)
def test_how_a_run_ended_is_how_the_trial_did(
    workspace: Workspace, runs: TrialRuns, status: Status, state: TrialState, words: str
) -> None:
    trial = made(runs)
    end(workspace, trial, status)
    sight = runs.look(trial)
    assert (sight.state, sight.score) == (state, None)
    assert words in sight.reason
    assert sight.died is ("without a word" in words)


def test_an_early_stop_has_a_score(workspace: Workspace, runs: TrialRuns) -> None:
    trial = replace(made(runs), reason="stopped at epoch 1: worse")
    predict(end(workspace, trial, Status(RunState.STOPPED)), 1, 4)
    assert (runs.look(trial).state, runs.look(trial).score) == (TrialState.STOPPED_EARLY, 0.25)


def test_a_deleted_run_is_no_trial_any_more(
    workspace: Workspace, runs: TrialRuns, launched: list[str]
) -> None:
    trial = made(runs)
    delete_run(end(workspace, trial, Status(RunState.STOPPED)))
    assert runs.look(trial).reason == "its run was deleted"
    runs.start(trial)
    assert launched == []


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (RunState.PAUSED, True),
        (RunState.STOPPED, False),
        (RunState.FINISHED, False),
        (RunState.FAILED, False),
    ],
)
def test_only_what_can_go_on_is_started_again(
    workspace: Workspace, runs: TrialRuns, launched: list[str], state: RunState, again: bool
) -> None:
    trial = made(runs)
    end(workspace, trial, Status(state))
    runs.start(trial)
    assert bool(launched) is again


def test_trials_at_once_share_the_cores(
    workspace: Workspace,
    digits: Dataset,
    launched: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    runs = runs_of(workspace, digits, at_once=2)
    first, second = (Run(workspace.runs / str(made(runs, number).run_id)) for number in (1, 2))
    whole = create_run(workspace.runs, {"name": "Whole"}, "Whole")
    assert first.trial_of().threads == second.trial_of().threads == 1

    def slot(run: Run, on_wait: Callable[[int], None]):
        for other in (first, second, whole):
            other.write_status(Status(RunState.RUNNING))
        run.write_status(Status(RunState.QUEUED, queued=1.0))
        return device_slot(run, ("cpu",), tmp_path, on_wait=on_wait)

    class Waits(Exception):
        pass

    def wait(ahead: int) -> None:
        raise Waits

    with slot(first, wait), slot(second, wait), pytest.raises(Waits), slot(whole, wait):
        pass
    with slot(whole, wait), pytest.raises(Waits), slot(first, wait):
        pass
    with slot(first, wait):
        pass
