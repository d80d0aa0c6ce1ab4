"""Runs in every state that a page can meet."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import pages.shared.run_actions  # noqa: F401
from core.data.dataset import Dataset
from core.records import to_json
from core.runs.store import Run, RunState, Status, create_run, list_runs
from core.runs.worker import work
from core.workspace import Workspace, open_workspace
from tests.digits import brought, small_run
from tests.once import made_once


@pytest.fixture(scope="session")
def trained_folder(imported_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was trained once for all tests."""

    def make(root: Path) -> None:
        elsewhere = open_workspace(root)
        finished_run(elsewhere, brought(imported_digits, elsewhere))

    (run,) = list_runs(open_workspace(made_once(tmp_path_factory, "trained", make)).runs)
    return run.folder


@pytest.fixture
def run(workspace: Workspace, digits: Dataset, trained_folder: Path) -> Run:
    """A finished run on the digits, in this test's own workspace."""
    return Run(Path(shutil.copytree(trained_folder, workspace.runs / trained_folder.name)))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that the train page starts; no process is, and it stays on the page."""
    runs: list[Run] = []
    # A page's script takes `launch` from its module anew each time; others, imported above, keep their own.
    monkeypatch.setattr("core.runs.launcher.launch", runs.append)
    monkeypatch.setattr("streamlit.switch_page", lambda *page, **query: None)
    return runs


def finished_run(workspace: Workspace, dataset: Dataset, name: str = "Small run", **training) -> Run:
    """A run that has really been trained, in this process."""
    run = new_run(workspace, dataset, name, **training)
    assert work(run) == 0
    return run


def new_run(workspace: Workspace, dataset: Dataset, name: str, **training) -> Run:
    config = to_json(small_run(dataset, **training))
    return create_run(workspace.runs, {**config, "name": name}, name)


@contextmanager
def run_at_work(workspace: Workspace, dataset: Dataset, **status) -> Iterator[Run]:
    """A run whose worker lives, but never gets any further."""
    run = new_run(workspace, dataset, "At work")
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    started = psutil.Process(worker.pid).create_time()
    settings = {"state": RunState.RUNNING, "pid": worker.pid, "process_started": started, "epochs": 2}
    run.write_status(Status(**{**settings, "heartbeat": time.time(), "queued": time.time(), **status}))
    try:
        yield run
    finally:
        worker.kill()
        worker.wait()


def lost_run(workspace: Workspace, dataset: Dataset, name: str = "Lost") -> Run:
    """A run whose worker was killed: its start time is that of no process."""
    run = new_run(workspace, dataset, name)
    run.write_status(
        Status(RunState.RUNNING, pid=os.getpid(), process_started=1.0, heartbeat=1.0, epochs=2, epoch=1)
    )
    return run


def failed_run(workspace: Workspace, dataset: Dataset, name: str = "Failed") -> Run:
    run = new_run(workspace, dataset, name)
    run.write_status(
        Status(RunState.FAILED, message="The device ran out of memory.", fix="Choose a smaller batch.")
    )
    return run
