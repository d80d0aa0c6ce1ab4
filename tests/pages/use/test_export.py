import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.data.dataset import Dataset
from core.records import to_json
from core.runs.export_jobs import ExportConfig, last_export
from core.runs.store import Run, RunState, Status, create_run
from core.serving.export.report import REPORT, CheckedForm, ExportReport, export_folder, exported_state
from core.workspace import Workspace, write_json
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.runs import new_run, run_at_work

PAGE = "use/export"


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The jobs that the page starts; no process is."""
    runs: list[Run] = []
    monkeypatch.setattr("core.runs.side_jobs.launch", runs.append)
    return runs


def put_export(run: Run, **facts) -> ExportReport:
    """An export as the job leaves one, with a zip of a few bytes."""
    folder = export_folder(run)
    folder.mkdir(exist_ok=True)
    (folder / "small.zip").write_bytes(b"zip bytes")
    forms = (
        CheckedForm("model.safetensors", "", 8_400, 0.0, 0),
        CheckedForm("model.pt", "predict.py", 11_500, 1.2e-7, 0),
        CheckedForm("model.onnx", "predict_onnx.py", 23_800, 2.5e-6, 0),
    )
    made = ExportReport("small.zip", 9, "0" * 64, forms, 20, "test", 1.0, time.time(), exported_state(run))
    report = replace(made, **facts)
    write_json(folder / REPORT, to_json(report))
    return report


def failed_job(run: Run, finished: float) -> Run:
    job = create_run(run.folder / "export-jobs", to_json(ExportConfig("Export Small run")), "export")
    status = Status(
        RunState.FAILED, message="model.onnx doesn't say it.", fix="Report it.", finished=finished
    )
    job.write_status(status)
    job.log_file.write_text("greatest difference 0.2")
    return job


def table(app):
    return next(frame.value for frame in app.dataframe if "Verdict" in frame.value)


def test_nothing_trained_leads_to_the_data_then_to_the_builder(workspace: Workspace) -> None:
    assert labels(open_page(PAGE)) == ["Bring pictures"]


def test_an_untrained_run_is_no_choice(workspace: Workspace, digits: Dataset) -> None:
    new_run(workspace, digits, "Not yet")
    assert labels(open_page(PAGE)) == ["Design a network"]


def test_before_an_export_the_page_says_what_will_happen(run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    assert "Nothing exported yet" in texts(app)
    assert "`model.onnx`" in texts(app)
    assert not button(app, "Export").disabled
    assert not app.get("download_button")
    assert any("core.runs.worker" in block.value for block in app.code)


def test_the_button_starts_a_job_for_the_chosen_number(run: Run, launched: list[Run]) -> None:
    app = open_page(PAGE, run=run.id)
    app.number_input[0].set_value(7)
    app = no_exception(button(app, "Export").click().run())
    assert len(launched) == 1
    assert launched[0].config()["pictures"] == 7
    assert last_export(run) == launched[0]
    assert button(app, "Export").disabled  # at work
    assert "Cancel" in labels(app)


def test_a_finished_export_is_offered_with_what_was_found(run: Run) -> None:
    put_export(run)
    app = open_page(PAGE, run=run.id)
    assert "Checked on 20 test pictures: no label changed" in app.success[0].value
    found = table(app)
    assert found["Form"].tolist() == ["model.safetensors", "model.pt", "model.onnx"]
    assert found["Greatest difference"].tolist() == ["0", "1.2e-07", "2.5e-06"]
    assert found["Verdict"].tolist() == ["the same weights", "says the same", "says the same"]
    (download,) = app.get("download_button")
    assert "9 bytes" in download.label


def test_labels_that_changed_are_told(run: Run) -> None:
    forms = (CheckedForm("model.pt", "predict.py", 11_500, 4e-5, 2),)
    put_export(run, forms=forms, left_out="The weights are too large.")
    app = open_page(PAGE, run=run.id)
    assert "2 labels changed" in app.success[0].value
    assert table(app)["Verdict"].tolist() == ["2 labels changed: a tie"]
    assert "There is no ONNX file. The weights are too large." in texts(app)


def test_an_export_of_weights_that_are_gone_is_not_offered(run: Run) -> None:
    put_export(run, written=(1, 1))
    app = open_page(PAGE, run=run.id)
    assert "Nothing exported yet" in texts(app)
    assert not app.get("download_button")


def test_a_refusal_is_shown_with_its_log_and_nothing_is_offered(run: Run) -> None:
    failed_job(run, finished=time.time())
    app = open_page(PAGE, run=run.id)
    assert "doesn't say it" in app.error[0].value.replace("\\", "")
    assert any("greatest difference 0.2" in block.value for block in app.code)
    assert not app.get("download_button")
    put_export(run, made=time.time() + 60)  # a later one went well
    app = open_page(PAGE, run=run.id)
    assert not app.error
    assert app.get("download_button")


def test_what_was_cancelled_has_not_failed(run: Run) -> None:
    failed_job(run, finished=time.time()).stop_file.touch()
    app = open_page(PAGE, run=run.id)
    assert not app.error
    assert not button(app, "Export").disabled


def test_a_run_that_still_learns_is_not_exported(workspace: Workspace, digits: Dataset, run: Run) -> None:
    with run_at_work(workspace, digits) as learning:
        (learning.folder / "best.pt").write_bytes((run.folder / "best.pt").read_bytes())
        app = open_page(PAGE, run=learning.id)
        assert button(app, "Export").disabled
        assert "still learning" in texts(app)


def test_the_zip_is_read_only_when_it_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    report = put_export(run)
    opened: list[Path] = []
    read = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, *how, **more: opened.append(path) or read(path, *how, **more)
    )
    open_page(PAGE, run=run.id)
    assert export_folder(run) / report.file not in opened
