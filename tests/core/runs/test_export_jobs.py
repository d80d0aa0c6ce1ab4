from pathlib import Path

import pytest

from core.data.dataset import Dataset, delete_dataset
from core.errors import ConfigError
from core.records import from_json
from core.runs.export_jobs import ExportConfig, last_export, start_export
from core.runs.store import Run, RunState, Status
from core.runs.worker import work
from core.serving.export.report import export_of
from core.workspace import Workspace
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The jobs that would be started; no process is."""
    runs: list[Run] = []
    monkeypatch.setattr("core.runs.side_jobs.launch", runs.append)
    return runs


@pytest.mark.parametrize("pictures", [0, 1001])
def test_a_number_of_pictures_out_of_range_is_refused(pictures: int) -> None:
    with pytest.raises(ConfigError, match="number of pictures"):
        ExportConfig("Export", pictures)


def test_a_second_press_joins_the_first(run: Run, launched: list[Run]) -> None:
    assert last_export(run) is None
    first = start_export(run, 7)
    assert start_export(run, 9) == first == last_export(run)
    assert launched == [first]
    assert from_json(ExportConfig, first.config()) == ExportConfig("Export Small run", 7)
    first.write_status(Status(RunState.FAILED))
    assert start_export(run, 9) != first
    assert not first.folder.exists()


def test_without_its_data_set_the_job_fails_with_the_reason(
    run: Run, digits: Dataset, workspace: Workspace, launched: list[Run]
) -> None:
    delete_dataset(workspace, digits.id)
    job = start_export(run, 5)
    assert work(job) == 1
    assert job.status().state is RunState.FAILED
    assert "no data set" in job.status().message


@pytest.mark.slow
def test_the_job_leaves_the_export_with_the_run(
    run: Run, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.serving.export.package.fits", lambda network: False)  # ONNX takes the longest
    job = start_export(run, 5)
    assert work(job) == 0, job.log() or job.status()
    report = export_of(run)
    assert report is not None
    assert report.pictures == 5
    assert "2 GB" in report.left_out
    assert Path(run.folder / "export" / report.file).stat().st_size == report.size
    assert job.status().total == 6
