"""Runs logged to a real MLflow server on this machine: down at first, up later, killed in between."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.data.dataset import Dataset
from core.records import to_json
from core.runs.continuing import continue_run
from core.runs.store import Run, create_run
from core.runs.worker import work
from core.tracking.contents import waiting
from core.tracking.cursor import FILE, Cursor, load_cursor, mark_tracked, save_cursor
from core.tracking.settings import VARIABLE
from core.tracking.sync import main
from core.workspace import Workspace
from tests.digits import small_run
from tests.journeys.server import PROJECT, free_port
from tests.threads import one_thread

__all__ = ["one_thread"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("mlflow") is None, reason="pip install -r requirements-cluster.txt"
    ),
]
START_WITHIN = 180  # seconds; PyTorch of another test may hold both cores
ARTIFACTS = {
    "best.pt",
    "config.json",
    "facts.json",
    "model.json",
    "figures/confusion-test.svg",
    "figures/confusion-valid.svg",
    "figures/curves.svg",
}


@contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[str]:
    """MLflow's own server over a file of its own, until the block ends."""
    folder.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # which would start processes of its own
    }
    environment.pop(VARIABLE, None)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/server.db",
        "--artifacts-destination",
        str(folder),
    ]
    command += ["--workers", "1"]
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + START_WITHIN
        while not is_up(port):
            assert process.poll() is None, (folder / "log.txt").read_text()[-2000:]
            assert time.monotonic() < deadline, (folder / "log.txt").read_text()[-2000:]
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def is_up(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def killed_after(pieces: int) -> Iterator[None]:
    """The sender dies before it can note one piece more than `pieces`."""
    noted: list[Run] = []

    def save(run: Run, cursor: Cursor) -> None:
        if len(noted) == pieces:
            raise KeyboardInterrupt
        noted.append(run)
        save_cursor(run, cursor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.tracking.sending.save_cursor", save)
        yield


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders that workers start would run beside the test: it sends by itself."""
    monkeypatch.setattr("core.tracking.start.start_sender", lambda *args: None)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def new_run(workspace: Workspace, dataset: Dataset, **training) -> Run:
    return create_run(workspace.runs, to_json(small_run(dataset, **{"epochs": 2, **training})), "run")


def left(run: Run) -> int:
    cursor = load_cursor(run)
    assert cursor is not None
    return waiting(run, cursor)


def logged(uri: str) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("ConvNet Workbench")
    return list(client.search_runs([experiment.experiment_id]))


def check_logged(uri: str, run: Run) -> None:
    """One MLflow run, with all that ours has, and each number once."""
    from mlflow import MlflowClient

    client, (theirs,) = MlflowClient(uri), logged(uri)
    records = run.metrics()
    assert theirs.info.status == "FINISHED"
    assert theirs.data.params["training.learning_rate"] == "0.005"
    assert theirs.data.tags["workbench.run_id"] == run.id
    assert theirs.data.metrics["test_accuracy"] == run.status().result["test_accuracy"]
    history = client.get_metric_history(theirs.info.run_id, "valid_loss")
    assert [(point.step, point.value) for point in history] == [
        (r["epoch"], r["valid_loss"]) for r in records
    ]
    times = [point.timestamp for point in history]
    assert times == sorted(times)
    (data,) = theirs.inputs.dataset_inputs
    assert theirs.data.tags["workbench.data_sha256"].startswith(data.dataset.digest)
    files = {file.path for file in client.list_artifacts(theirs.info.run_id)}
    files |= {file.path for file in client.list_artifacts(theirs.info.run_id, "figures")}
    assert ARTIFACTS | {"figures"} == files


def test_a_server_that_is_down_then_up_then_killed(
    workspace: Workspace, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    port = free_port()
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{port}")
    run = new_run(workspace, digits)
    assert work(run) == 0
    assert left(run) == 1 + 2 + 4 + 1  # the description, epochs, files and the end
    assert main([]) == 1  # the server is down
    assert "does not answer" in load_cursor(run).problem
    assert left(run) == 8

    with mlflow_server(tmp_path / "server", port) as uri:
        for pieces in (1, 2, 3):  # without the note of what was just sent, as after a kill
            with killed_after(pieces), pytest.raises(KeyboardInterrupt):
                main([])
            assert left(run)
        assert main([]) == 0
        assert left(run) == 0
        check_logged(uri, run)
        (run.folder / FILE).unlink()  # a cursor that is lost finds MLflow's run again
        mark_tracked(run, uri)
        assert main([]) == 0
        check_logged(uri, run)

    other = new_run(workspace, digits, epochs=1)
    assert work(other) == 0  # the server has been killed, and the run doesn't care
    assert main([]) == 1
    assert left(other) == 7
    assert left(run) == 0


def test_a_run_is_sent_by_a_process_of_its_own_to_a_file(
    workspace: Workspace, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv(VARIABLE, uri)
    monkeypatch.chdir(tmp_path)
    run = new_run(workspace, digits)
    assert work(run) == 0
    deadline = time.monotonic() + 120
    while left(run) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left(run) == 0, (workspace.caches / "tracking.log").read_text()
    check_logged(uri, run)

    monkeypatch.setattr("core.runs.continuing.launch", lambda run: None)
    monkeypatch.setattr("core.tracking.start.start_sender", lambda *args: None)
    continue_run(run, 1)
    assert work(run) == 0
    assert main([]) == 0
    check_logged(uri, run)
    assert len(run.metrics()) == 3
    assert not (PROJECT / "mlruns").exists()
    assert not (tmp_path / "mlruns").exists()


def test_without_mlflow_a_run_goes_on_and_says_so(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setattr("core.tracking.start.is_installed", lambda: False)
    run = new_run(workspace, digits, epochs=1)
    assert work(run) == 0
    assert "pip install -r requirements-cluster.txt" in capsys.readouterr().out
    assert left(run)
    monkeypatch.setenv(VARIABLE, "./mlruns")
    other = new_run(workspace, digits, epochs=1)
    assert work(other) == 0
    assert "names a folder" in capsys.readouterr().out
    assert not (other.folder / FILE).exists()
