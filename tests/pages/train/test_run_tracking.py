"""What the pages say of MLflow, without ever loading it."""

import sys
from dataclasses import replace

import pytest

from core.runs.store import Run
from core.tracking.contents import FILES, ending, fingerprint
from core.tracking.cursor import load_cursor, mark_tracked, save_cursor
from core.tracking.settings import VARIABLE
from tests.pages.helper import button, labels, no_exception, open_page, texts

RUNS = "train/runs"
SERVER = "http://mlflow.example:5000"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """The processes that the page starts to send."""
    calls: list[tuple] = []
    monkeypatch.setattr("pages.train.run_tracking.start_sender", lambda *args: calls.append(args))
    return calls


def note_all_sent(run: Run) -> None:
    marks = {name: fingerprint(run.folder / name) for name in FILES if (run.folder / name).exists()}
    cursor = replace(
        mark_tracked(run, SERVER),
        experiment_id="4",
        mlflow_run_id="abc",
        described=True,
        epochs=len(run.metrics()),
        files=marks,
        ending=ending(run.status()),
    )
    save_cursor(run, cursor)


def test_an_untracked_run_says_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "MLflow" not in texts(open_page(RUNS, run=run.id))
    assert "MLflow" not in texts(open_page(RUNS))


def test_a_logged_run_leads_to_it(run: Run) -> None:
    note_all_sent(run)
    words = texts(open_page(RUNS, run=run.id))
    assert f"Logged to MLflow as [Small run]({SERVER}/#/experiments/4/runs/abc)" in words
    assert "mlflow" not in sys.modules


def test_what_waits_is_told_and_sent_at_a_press(
    run: Run, monkeypatch: pytest.MonkeyPatch, sent: list[tuple]
) -> None:
    monkeypatch.setenv(VARIABLE, SERVER)
    cursor = mark_tracked(run, SERVER)
    save_cursor(run, replace(cursor, problem="Connection refused", tried=1.0))
    app = open_page(RUNS, run=run.id)
    assert "waiting, 8 records to be sent" in texts(app)
    assert "Connection refused" in texts(app)
    no_exception(button(app, "Send now").click().run())
    assert len(sent) == 1
    app = open_page(RUNS)
    assert "MLflow waits for 8 records of 1 run" in texts(app)
    no_exception(button(app, "Send now").click().run())
    assert len(sent) == 2
    assert load_cursor(run) is not None


def test_a_folder_or_a_missing_package_is_explained_among_the_runs(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "./mlruns")
    assert "names a folder" in texts(open_page(RUNS))
    monkeypatch.setenv(VARIABLE, SERVER)
    monkeypatch.setattr("core.tracking.settings.is_installed", lambda: False)
    assert "requirements\\-cluster" in texts(open_page(RUNS))
    assert "Send now" not in labels(open_page(RUNS))
