"""Workers that are forks of a process which has loaded PyTorch: the same as any other, only sooner there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import core.runs.warm as warm
from core.data.dataset import Dataset
from core.errors import RunError
from core.processes import start_time
from core.runs.launcher import PROJECT, get_ready, launch, request_pause, request_stop
from core.runs.store import Run, RunState
from core.tracking.settings import VARIABLE
from core.training.device import Device, visible_devices
from core.workspace import Workspace
from tests.benchmarks.bench_crash import every_epoch_once, same_results
from tests.core.training.sittings import exact
from tests.pages.runs import new_run

PATIENCE = 60  # seconds

needs_forks = pytest.mark.skipif(
    sys.platform != "linux" or visible_devices()[0].name != "cpu",
    reason="workers are forked on Linux, on a machine without a GPU",
)


@pytest.fixture
def ready(warm_workers: None) -> None:
    get_ready()
    wait_for(warm.is_ready)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_fork(run: Run) -> bool:
    command = psutil.Process(run.status().pid).cmdline()
    assert command[1] == "-m"
    return {"core.runs.warm": True, "core.runs.worker": False}[command[2]]


def is_learning(run: Run) -> bool:
    return len(run.metrics()) >= 2


@needs_forks
@pytest.mark.slow
def test_it_learns_in_its_own_environment_what_a_new_interpreter_learns(
    workspace: Workspace, digits: Dataset, ready: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv(VARIABLE, "a-folder-of-this-test")
    forked = new_run(workspace, digits, "Forked")
    launch(forked)
    anew = new_run(workspace, digits, "In a new interpreter")
    monkeypatch.setattr("core.runs.launcher.fork_worker", lambda *order: None)
    launch(anew)
    for run in (forked, anew):
        wait_for(lambda run=run: not run.status().state.is_active)
        assert run.status().state is RunState.FINISHED, run.log()
        assert run.facts()["threads"] == 2
        assert "a-folder-of-this-test" in run.log()
        assert "Epoch 2: train loss" in run.log()
    assert [exact(record) for record in forked.metrics()] == [exact(record) for record in anew.metrics()]
    assert same_results(forked, anew)


@needs_forks
@pytest.mark.slow
def test_it_is_refused_a_second_time_pauses_goes_on_and_dies_without_a_trace(
    workspace: Workspace, digits: Dataset, ready: None
) -> None:
    run = new_run(workspace, digits, "Forked", epochs=10_000)
    launch(run)
    wait_for(lambda: is_learning(run))
    assert is_fork(run)
    with pytest.raises(RunError, match="already at work"):
        launch(run)
    request_pause(run)
    wait_for(lambda: run.status().state is RunState.PAUSED)
    before = len(run.metrics())
    launch(run)
    wait_for(lambda: len(run.metrics()) > before)
    worker = run.status().pid
    assert worker is not None
    os.killpg(worker, signal.SIGKILL)  # which has a session of its own, or this would end the tests
    wait_for(lambda: run.status().state is RunState.LOST)
    wait_for(lambda: not psutil.pid_exists(worker))
    assert every_epoch_once(run, len(run.metrics()))


@needs_forks
@pytest.mark.slow
def test_it_outlives_both_that_have_started_it(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, digits, "Forked", epochs=10_000)
    server = (
        "import os, sys, time, pathlib, core.runs.launcher as launcher, core.runs.warm as warm\n"
        "from core.runs.store import Run\n"
        "launcher.get_ready()\n"
        "while not warm.is_ready():\n"
        "    time.sleep(0.02)\n"
        "launcher.launch(Run(pathlib.Path(sys.argv[1])))\n"
        "print(warm._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", server, str(run.folder)]
    died = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, timeout=PATIENCE)
    assert died.returncode == -signal.SIGKILL
    wait_for(lambda: start_time(int(died.stdout)) is None)
    wait_for(lambda: is_learning(run))
    assert is_fork(run)
    request_stop(run)
    wait_for(lambda: not run.status().state.is_active)
    assert run.status().state is RunState.STOPPED, run.log()
    assert (run.folder / "best.pt").exists()


@needs_forks
@pytest.mark.slow
def test_where_it_has_died_a_new_interpreter_works_until_it_is_there_again(
    workspace: Workspace, digits: Dataset, ready: None
) -> None:
    assert warm._process is not None
    warm._process.kill()
    runs = [new_run(workspace, digits, f"Run {number}", epochs=10_000) for number in range(2)]
    launch(runs[0])
    wait_for(lambda: runs[0].status().pid is not None)
    assert not is_fork(runs[0])
    get_ready()
    wait_for(warm.is_ready)
    launch(runs[1])
    wait_for(lambda: runs[1].status().pid is not None)
    assert is_fork(runs[1])


def test_where_there_is_a_gpu_no_process_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.device.visible_devices", lambda: (Device("cuda:0", "A GPU"),))
    monkeypatch.setattr(warm, "_process", None)
    get_ready()
    assert warm._process is None
    assert not warm.is_ready()
    assert warm.fork_worker(tmp_path, tmp_path / "log.txt", {}) is None
