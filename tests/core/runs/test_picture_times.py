import pytest

import core.runs.side_jobs
from core.data.dataset import Dataset
from core.runs.picture_times import last_picture_times, start_picture_times
from core.runs.store import Run, RunState, list_runs
from core.runs.worker import work
from core.workspace import Workspace
from tests.pages.runs import finished_run, new_run


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    runs: list[Run] = []
    monkeypatch.setattr(core.runs.side_jobs, "launch", runs.append)
    return runs


def test_the_job_keeps_the_time_with_each_run(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    from core.comparison.costs import picture_seconds

    run = finished_run(workspace, digits, epochs=1)
    assert last_picture_times(workspace) is None
    job = start_picture_times(workspace, [run.id])
    assert launched == [job] == [last_picture_times(workspace)]
    assert work(job) == 0
    assert 0 < picture_seconds(run) < 1
    assert list_runs(workspace.runs) == [run]  # it is no run of the user's


def test_a_run_without_weights_fails_the_job_with_the_reason(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    job = start_picture_times(workspace, [new_run(workspace, digits, "New").id])
    assert work(job) != 0
    status = job.status()
    assert status.state is RunState.FAILED
    assert "no test pictures" in status.message
