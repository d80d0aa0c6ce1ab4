import time

import pytest

from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.models.cnn_walk import walk
from core.runs.store import Run, RunState, list_runs
from core.runs.trials import start_trial
from core.runs.worker import work
from core.training.config import CnnRunConfig
from core.training.device import visible_devices
from core.training.estimate import estimate_run
from core.workspace import Workspace
from tests.digits import small_run

pytestmark = pytest.mark.slow


def ended(run: Run) -> Run:
    deadline = time.monotonic() + 90
    while run.status().state.is_active and time.monotonic() < deadline:
        time.sleep(0.05)
    return run


def estimated(workspace: Workspace, config: CnnRunConfig, dataset: Dataset):
    network = walk(config.cnn, config.preprocessing.shape, config.outputs)
    device = visible_devices()[0].name
    return estimate_run(workspace, config, network, dataset, current_split(dataset), device)


def test_a_trial_tells_what_an_epoch_takes(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_run(digits)
    first = ended(start_trial(workspace, config))
    assert first.status().state is RunState.FINISHED, first.log()
    told = estimated(workspace, config, digits)
    assert told.is_measured
    assert told.epoch_seconds is not None
    assert told.memory is not None
    assert told.epoch_seconds > 0
    assert list_runs(workspace.runs) == []
    monkeypatch.setattr("core.runs.side_jobs.launch", work)
    second = start_trial(workspace, config)
    assert second.status().state is RunState.FINISHED
    assert list_runs(workspace.caches / "trials") == [second]
