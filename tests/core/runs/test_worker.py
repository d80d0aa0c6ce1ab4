"""Real worker processes on real digits: what a user does to a run, and what happens to it."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.data.dataset import Dataset, delete_dataset, list_datasets
from core.data.importing import ImportConfig, SourceKind
from core.errors import RunError
from core.records import to_json
from core.runs.continuing import continue_run
from core.runs.launcher import PROJECT, launch, request_pause, request_stop
from core.runs.store import Run, RunState, Status, create_run, delete_run, is_active, list_runs
from core.runs.worker import main, work
from core.training.cnn_run import train_cnn
from core.training.config import CnnRunConfig, Optimizer
from core.workspace import Workspace, write_json
from tests.core.runs.tiny_disk import filled, tiny_disk
from tests.core.training.sittings import end_of as last_checkpoint
from tests.core.training.sittings import exact, same
from tests.digits import small_run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_workers")]
PATIENCE = 90  # seconds


@pytest.fixture(autouse=True)
def no_worker_is_left(workspace: Workspace) -> Iterator[None]:
    yield
    for run in [*list_runs(workspace.runs), *list_runs(workspace.imports)]:
        pid = run.written_status().pid
        if pid not in (None, os.getpid()) and is_active(run):
            psutil.Process(pid).kill()


@pytest.fixture
def start(workspace: Workspace) -> Callable[[CnnRunConfig], Run]:
    def create_and_launch(config: CnnRunConfig) -> Run:
        run = create_run(workspace.runs, to_json(config), config.name)
        launch(run)
        return run

    return create_and_launch


def wait_for(run: Run, condition: Callable[[Status], bool]) -> Status:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = run.status()
        if condition(status):
            return status
        time.sleep(0.05)
    raise AssertionError(f"{run.status()}\n{run.log()}")


def end_of(run: Run) -> Status:
    return wait_for(run, lambda status: not status.state.is_active)


def epochs_of(run: Run) -> list[int]:
    return [record["epoch"] for record in run.metrics()]


def test_a_run_from_start_to_finish(
    digits: Dataset, start: Callable[[CnnRunConfig], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(small_run(digits, epochs=3))
    status = end_of(run)
    assert status.state is RunState.FINISHED, run.log()
    assert epochs_of(run) == [1, 2, 3]
    assert status.result["best_accuracy"] == max(record["valid_accuracy"] for record in run.metrics())
    assert status.device == "cpu" or status.device.startswith(("cuda", "mps"))
    assert "Epoch 3: train loss" in run.log()
    with pytest.raises(RunError, match="no epochs to add"):
        continue_run(run, 0)
    monkeypatch.setattr("core.runs.continuing.launch", work)
    continue_run(run, 2)
    assert run.status().state is RunState.FINISHED
    assert epochs_of(run) == [1, 2, 3, 4, 5]


def test_a_killed_run_is_lost_and_goes_on_from_its_last_epoch(
    digits: Dataset, start: Callable[[CnnRunConfig], Run]
) -> None:
    run = start(small_run(digits, epochs=400))
    wait_for(run, lambda status: len(run.metrics()) >= 3)
    pid = run.status().pid
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    killed = time.monotonic()
    assert wait_for(run, lambda status: status.state is RunState.LOST).fix
    assert time.monotonic() - killed < 10
    finished = epochs_of(run)
    assert finished == list(range(1, len(finished) + 1))
    before = run.metrics()
    run.write_config(to_json(small_run(digits, epochs=len(finished) + 2)))
    assert work(run) == 0, run.log()
    assert epochs_of(run) == list(range(1, len(finished) + 3))
    assert run.metrics()[: len(before)] == before


def test_two_workers_never_share_a_run_and_a_stopped_one_keeps_its_best(
    digits: Dataset, start: Callable[[CnnRunConfig], Run]
) -> None:
    run = start(small_run(digits, epochs=10_000))
    wait_for(run, lambda status: status.state is RunState.RUNNING)
    with pytest.raises(RunError, match="already at work"):
        launch(run)
    second = subprocess.run(
        [sys.executable, "-m", "core.runs.worker", str(run.folder)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 3
    assert "already at work" in second.stderr
    assert run.status().state is RunState.RUNNING
    with pytest.raises(RunError, match="still at work"):
        continue_run(run, 1)
    wait_for(run, lambda status: len(run.metrics()) >= 2)
    request_stop(run)
    assert run.status().state in (RunState.STOPPING, RunState.STOPPED)
    status = end_of(run)
    assert status.state is RunState.STOPPED, run.log()
    assert status.result["best_accuracy"] == max(record["valid_accuracy"] for record in run.metrics())
    assert (run.folder / "best.pt").exists()
    delete_run(run)
    assert not run.folder.exists()


def test_runs_wait_for_the_device_in_turn(digits: Dataset, start: Callable[[CnnRunConfig], Run]) -> None:
    config = replace(small_run(digits, epochs=10_000), device="cpu")
    first = start(config)
    wait_for(first, lambda status: status.state is RunState.RUNNING)
    second = start(replace(config, name="second"))
    third = start(replace(config, name="third", training=replace(config.training, epochs=1)))
    wait_for(third, lambda status: status.result.get("ahead") == 1)
    assert second.status().state is RunState.QUEUED
    request_stop(third)
    assert end_of(third).state is RunState.STOPPED
    pid = first.status().pid
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    wait_for(second, lambda status: status.state is RunState.RUNNING)
    request_stop(second)
    assert end_of(second).state is RunState.STOPPED


def test_a_paused_run_goes_on_as_if_it_had_not_been_paused(
    workspace: Workspace, digits: Dataset, start: Callable[[CnnRunConfig], Run], tmp_path: Path
) -> None:
    config = small_run(digits, epochs=14, batch_size=16)
    whole = tmp_path / "whole"
    whole.mkdir()
    train_cnn(workspace, config, whole)
    run = start(config)
    request_pause(run)  # before it has even loaded PyTorch
    assert end_of(run).state is RunState.PAUSED, run.log()
    assert epochs_of(run) == []
    launch(run)
    wait_for(run, lambda status: len(run.metrics()) >= 2)
    request_pause(run)
    assert run.status().state in (RunState.PAUSING, RunState.PAUSED)
    assert end_of(run).state is RunState.PAUSED, run.log()
    assert not run.pause_file.exists()
    assert not list(run.folder.glob("predictions*"))
    before = run.metrics()
    assert 2 <= len(before) < 14
    assert work(run) == 0, run.log()
    assert run.metrics()[: len(before)] == before
    assert same(last_checkpoint(run.folder), last_checkpoint(whole))
    history = last_checkpoint(run.folder)["history"]
    assert [exact(record) for record in run.metrics()] == history


def test_of_many_starts_at_the_same_moment_one_trains(workspace: Workspace, digits: Dataset) -> None:
    config = small_run(digits, epochs=10_000)
    run = create_run(workspace.runs, to_json(config), config.name)
    starter = (
        "import sys, time, pathlib, core.runs.launcher as launcher, core.runs.store as store\n"
        "from core.errors import RunError\n"
        "run = store.Run(pathlib.Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    launcher.launch(run)\n"
        "    print('launched')\n"
        "except RunError as refusal:\n"
        "    print(refusal)\n"
    )
    command = [sys.executable, "-c", starter, str(run.folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": PROJECT}
    starters = [subprocess.Popen(command, **pipes) for _ in range(6)]
    for process in starters:
        assert process.stdout.readline() == "ready\n"
    for process in starters:
        process.stdin.write("now\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=60)[0].strip() for process in starters)
    assert [words for words in said if "already at work" in words] == said[:5]
    assert said[5] == "launched"
    wait_for(run, lambda status: len(run.metrics()) >= 2)
    workers = [p for p in psutil.process_iter(["cmdline"]) if str(run.folder) in (p.info["cmdline"] or [])]
    assert [worker.pid for worker in workers] == [run.status().pid]
    finished = epochs_of(run)
    assert finished == list(range(1, len(finished) + 1))
    assert "Another process is already at work" not in run.log()


def test_a_run_survives_the_process_that_started_it(workspace: Workspace, digits: Dataset) -> None:
    config = small_run(digits, epochs=5)
    run = create_run(workspace.runs, to_json(config), config.name)
    starter = (
        "import os, sys, pathlib, core.runs.launcher as launcher, core.runs.store as store\n"
        "launcher.launch(store.Run(pathlib.Path(sys.argv[1])))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    server = subprocess.run([sys.executable, "-c", starter, str(run.folder)], cwd=PROJECT, timeout=60)
    assert server.returncode == -signal.SIGKILL
    assert end_of(run).state is RunState.FINISHED, run.log()
    assert epochs_of(run) == [1, 2, 3, 4, 5]


def test_a_run_that_diverges_says_so(
    workspace: Workspace, digits: Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    config = small_run(digits, epochs=3, optimizer=Optimizer.SGD, learning_rate=100.0)
    config = replace(
        config, cnn=replace(config.cnn, blocks=(replace(config.cnn.blocks[0], batch_norm=False),))
    )
    status = failed(create_run(workspace.runs, to_json(config), config.name))
    assert "finite" in status.message
    assert "learning rate" in status.fix
    assert "Traceback" not in capfd.readouterr().err


def test_a_run_whose_data_are_gone_says_so(workspace: Workspace, digits: Dataset) -> None:
    config = small_run(digits)
    delete_dataset(workspace, digits.id)
    status = failed(create_run(workspace.runs, to_json(config), config.name))
    assert digits.id in status.message
    assert status.fix


@pytest.mark.parametrize(
    ("config", "words"),
    [({"kind": "dance"}, "kind 'dance'"), ({"kind": "train-cnn"}, "lacks"), ({}, "kind ''")],
)
def test_a_config_that_cannot_be_read_says_so(workspace: Workspace, config: dict, words: str) -> None:
    assert words in failed(create_run(workspace.runs, config, "odd")).message


def failed(run: Run) -> Status:
    """How it ended after this process has worked on it."""
    assert work(run) == 1
    assert run.status().state is RunState.FAILED
    return run.status()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX limits on the size of a file")
def test_a_full_disk_ends_the_run_and_loses_no_epoch(workspace: Workspace, digits: Dataset) -> None:
    config = small_run(digits, epochs=2)
    run = create_run(workspace.runs, to_json(config), config.name)
    assert work(run) == 0
    before = (run.folder / "last.pt").read_bytes()
    run.write_config(to_json(small_run(digits, epochs=4)))
    limited = (
        "import resource, sys, runpy\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "sys.argv = ['worker', sys.argv[1]]\n"
        "runpy.run_module('core.runs.worker', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, str(run.folder)], cwd=PROJECT, capture_output=True, timeout=PATIENCE
    )
    status = run.status()
    assert done.returncode == 1
    assert status.state is RunState.PAUSED
    assert "disk is full" in status.message
    assert (run.folder / "last.pt").read_bytes() == before
    assert not list(run.folder.glob(".*partial"))
    assert work(run) == 0
    assert epochs_of(run) == [1, 2, 3, 4]


@pytest.mark.skipif(sys.platform != "linux", reason="needs to mount a file system")
def test_a_disk_that_really_is_full_pauses_the_run_until_there_is_room(
    workspace: Workspace, digits: Dataset
) -> None:
    with tiny_disk(workspace.runs, 4):
        config = small_run(digits, epochs=10_000)
        run = create_run(workspace.runs, to_json(config), config.name)
        launch(run)
        wait_for(run, lambda status: len(run.metrics()) >= 2)
        with filled(workspace.runs):
            status = end_of(run)
            assert status.state is RunState.PAUSED, run.log()
            assert "disk is full" in status.message
            assert "Free some space" in status.fix
            assert not list(run.folder.glob(".*partial"))
            with pytest.raises(RunError, match="can't be started"):
                launch(run)
            assert run.status().state is RunState.PAUSED
        finished = len(last_checkpoint(run.folder)["history"])
        assert finished >= 2
        run.write_config(to_json(small_run(digits, epochs=finished + 2)))
        assert work(run) == 0, run.log()
        assert epochs_of(run) == list(range(1, finished + 3))


def test_an_import_of_nothing_names_every_file(workspace: Workspace, tmp_path) -> None:
    for index in range(12):
        path = tmp_path / "notes" / "class" / f"note {index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not a picture")
    config = ImportConfig("Notes", SourceKind.FOLDER, str(tmp_path / "notes"))
    job = create_run(workspace.imports, to_json(config), "notes")
    failed(job)
    rejected = json.loads((job.folder / "rejected.json").read_text())
    assert len(rejected) == 12
    assert all(entry["reason"] and entry["fix"] for entry in rejected)
    assert list_datasets(workspace) == []


def test_a_failure_is_told_even_where_the_log_takes_no_more(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = create_run(workspace.runs, {"kind": "dance"}, "odd")
    monkeypatch.setattr("builtins.print", no_room)
    assert work(run) == 1
    assert run.status().state is RunState.FAILED
    assert "kind 'dance'" in run.status().message


def test_settings_alone_are_a_run(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workspace.runs / "again"
    folder.mkdir()
    write_json(folder / "config.json", to_json(small_run(digits, epochs=1)))
    monkeypatch.setattr(sys, "argv", ["worker", str(folder)])
    assert main() == 0
    assert Run(folder).status().state is RunState.FINISHED
    assert (folder / "best.pt").exists()


def test_usage_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core.runs.worker"], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "usage: python -m core.runs.worker RUN_DIR" in done.stderr
