import time
from collections.abc import Sequence

import pytest

import core.tuning.study_job as module
from core.data.dataset import Dataset
from core.records import to_json
from core.runs.reporter import Reporter
from core.runs.store import RunState, create_run
from core.tuning.studies import FOLDER
from core.tuning.study_config import Method, StudyConfig
from core.tuning.study_job import run_study
from core.tuning.trials import Trial
from core.workspace import Workspace
from tests.core.tuning.bases import RATE
from tests.digits import small_run

PATIENCE = 10.0  # seconds


class HeardError(Exception):
    pass


def test_a_stop_is_heard_while_the_next_values_are_sought(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that doesn't hear of it is ended, and Ax can think for longer than it is waited for."""
    config = StudyConfig("Study", small_run(digits), RATE, method=Method.RANDOM, trials=1)
    study = create_run(workspace.root / FOLDER, to_json(config), "Study")
    reporter = Reporter(study)

    class Thoughtful:
        def propose(self, trials: Sequence[Trial]) -> None:
            study.stop_file.touch()
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                if study.status().stop_heard:
                    raise HeardError
                time.sleep(0.02)

    monkeypatch.setattr(module, "search_of", lambda config: Thoughtful())
    try:
        with pytest.raises(HeardError):
            run_study(workspace, reporter)
    finally:
        reporter.close(RunState.STOPPED)


@pytest.mark.parametrize(("trials", "worth_it"), [(2, False), (3, True)])
def test_for_several_trials_pytorch_is_loaded_once(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch, trials: int, worth_it: bool
) -> None:
    class AskedError(Exception):
        pass

    def search_of(config: StudyConfig) -> None:
        raise AskedError

    config = StudyConfig("Study", small_run(digits), RATE, method=Method.RANDOM, trials=trials)
    study = create_run(workspace.root / FOLDER, to_json(config), "Study")
    loaded: list[bool] = []
    monkeypatch.setattr(module, "get_ready", lambda: loaded.append(True))
    monkeypatch.setattr(module, "search_of", search_of)
    reporter = Reporter(study)
    try:
        with pytest.raises(AskedError):
            run_study(workspace, reporter)
    finally:
        reporter.close(RunState.STOPPED)
    assert bool(loaded) is worth_it
