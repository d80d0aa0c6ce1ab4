"""What happens to workers that don't stop when they are asked to."""

import errno
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import core.runs.launcher as launcher
from core.errors import RunError
from core.runs.reporter import Reporter
from core.runs.store import Run, RunState, Status, create_run
from core.workspace import Workspace
from tests.core.runs.tiny_disk import filled, tiny_disk

DEAF = "import time; print('here', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {DEAF}"

Worker = tuple[Run, subprocess.Popen]


@pytest.fixture
def start(workspace: Workspace) -> Iterator[Callable[..., Worker]]:
    processes = []

    def start_worker(source: str, *, stop_heard: bool = False) -> Worker:
        process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        started = psutil.Process(process.pid).create_time()
        run = create_run(workspace.runs, {"name": "Deaf"}, "Deaf")
        run.write_status(
            Status(RunState.RUNNING, pid=process.pid, process_started=started, stop_heard=stop_heard)
        )
        return run, process

    yield start_worker
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "HEAR_WITHIN", 0.3)
    monkeypatch.setattr(launcher, "FINISH_WITHIN", 3.0)
    monkeypatch.setattr(launcher, "DIE_WITHIN", 0.5)


def test_a_worker_that_was_started_after_the_stop_is_left_alone(start: Callable[..., Worker]) -> None:
    run, process = start(DEAF)
    launcher.request_stop(run)
    run.stop_file.unlink()
    run.write_status(replace(run.written_status(), queued=time.time()))
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.5)


def test_a_worker_that_does_not_hear_is_terminated(start: Callable[..., Worker]) -> None:
    run, process = start(DEAF)
    launcher.request_stop(run)
    assert run.status().state is RunState.STOPPING
    process.wait(timeout=10)
    assert run.status().state is RunState.LOST


def test_a_stop_takes_the_place_of_a_pause(start: Callable[..., Worker]) -> None:
    run, _ = start(DEAF)
    launcher.request_pause(run)
    assert run.status().state is RunState.PAUSING
    launcher.request_stop(run)
    assert run.status().state is RunState.STOPPING
    assert not run.pause_file.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals can't be ignored there")
@pytest.mark.slow
def test_a_worker_that_ignores_its_termination_is_killed(start: Callable[..., Worker]) -> None:
    run, process = start(STUBBORN)
    launcher.request_stop(run)
    assert process.wait(timeout=10) == -9


@pytest.mark.slow
def test_a_worker_that_has_heard_may_finish(start: Callable[..., Worker]) -> None:
    run, process = start(DEAF, stop_heard=True)
    launcher.request_stop(run)
    time.sleep(1.5)
    assert process.poll() is None
    process.wait(timeout=15)


def test_a_worker_tells_that_it_has_heard(workspace: Workspace) -> None:
    run = create_run(workspace.runs, {"name": "Hearing"}, "Hearing")
    reporter = Reporter(run)
    assert not reporter.should_stop()
    run.stop_file.touch()
    assert reporter.should_stop()
    reporter.close(RunState.STOPPED)
    assert run.status().stop_heard
    again = Reporter(run)
    again.close(RunState.STOPPED)
    assert not again.status.stop_heard


@pytest.fixture
def paused(workspace: Workspace) -> Run:
    run = create_run(workspace.runs, {"name": "Paused", "kind": "dance"}, "Paused")
    run.write_status(Status(RunState.PAUSED, message="The disk is full.", epoch=3))
    return run


def workers_of(run: Run) -> list[int]:
    found = psutil.process_iter(["cmdline"])
    return [process.pid for process in found if str(run.folder) in (process.info["cmdline"] or [])]


def test_a_worker_whose_launcher_was_killed_before_its_note_is_not_started_twice(
    workspace: Workspace,
) -> None:
    run = create_run(workspace.runs, {"name": "Begun", "kind": "dance"}, "Begun")
    with run.worker_lock.acquire(), pytest.raises(RunError, match="already at work"):
        launcher.launch(run)
    assert workers_of(run) == []


def test_a_start_without_room_on_the_disk_changes_nothing(workspace: Workspace) -> None:
    with tiny_disk(workspace.runs, 1):
        run = create_run(workspace.runs, {"name": "Paused"}, "Paused")
        run.write_status(status := Status(RunState.PAUSED, message="The disk is full.", epoch=3))
        with filled(workspace.runs):
            with pytest.raises(RunError, match=r"can't be started: No space left.*Free some space"):
                launcher.launch(run)
            assert run.status() == status
            assert workers_of(run) == []


def test_a_start_that_fails_half_way_leaves_no_worker_and_the_status_as_it_was(
    paused: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seen = paused.status(), []

    def no_room(path: Path, value: object) -> None:
        seen.extend(workers_of(paused))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(launcher, "write_json", no_room)
    monkeypatch.setattr(launcher, "fork_worker", lambda *order: None)  # a fork can't be told by its command
    with pytest.raises(RunError, match="can't be started: No space left"):
        launcher.launch(paused)
    assert len(seen) == 1
    assert workers_of(paused) == []
    assert paused.status() == before
    assert not list(paused.folder.glob(".status*"))
