import os
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.errors import RunError, WorkbenchError
from core.processes import is_running
from core.runs.store import (
    Run,
    RunState,
    Status,
    create_run,
    delete_run,
    list_runs,
    open_run,
    runs_on,
)
from core.workspace import Workspace, write_text


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return create_run(workspace.runs, {"kind": "train-cnn", "name": "First try"}, "First try")


def at_work(run: Run, pid: int, started: float, **changes) -> None:
    run.write_status(
        replace(Status(RunState.RUNNING, pid=pid, process_started=started, heartbeat=time.time()), **changes)
    )


def own_start() -> float:
    return psutil.Process().create_time()


def test_a_new_run_is_whole(run: Run, workspace: Workspace) -> None:
    assert [found.id for found in list_runs(workspace.runs)] == [run.id]
    assert open_run(workspace.runs, run.id).config()["name"] == "First try"
    assert run.status().state is RunState.QUEUED
    assert run.metrics() == []
    assert run.log() == ""


def test_a_run_whose_process_lives_is_running(run: Run) -> None:
    at_work(run, os.getpid(), own_start())
    assert run.status().state is RunState.RUNNING


def test_a_run_that_was_asked_to_stop_is_stopping(run: Run) -> None:
    at_work(run, os.getpid(), own_start())
    run.stop_file.touch()
    assert run.status().state is RunState.STOPPING


def test_a_run_whose_process_died_is_lost(run: Run) -> None:
    at_work(run, 2**22 - 1, own_start())
    status = run.status()
    assert status.state is RunState.LOST
    assert "died" in status.message
    assert status.fix


def test_a_worker_that_ends_between_two_looks_is_not_lost(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends_just_now(pid: int, started: float) -> bool:
        run.write_status(Status(RunState.FINISHED))
        return False

    at_work(run, os.getpid(), own_start())
    monkeypatch.setattr("core.runs.store.is_running", ends_just_now)
    assert run.status().state is RunState.FINISHED


def test_a_pid_that_was_used_again_is_not_the_worker(run: Run) -> None:
    at_work(run, os.getpid(), own_start() - 1000, heartbeat=time.time() - 1000)
    assert run.status().state is RunState.LOST


@pytest.mark.parametrize("hours", [-26, 26])
def test_neither_a_clock_that_was_set_nor_a_sleeping_machine_loses_a_run(run: Run, hours: float) -> None:
    """The start of the process and its last heartbeat are hours off; but it holds the run's lock."""
    at_work(run, os.getpid(), own_start() + 3600 * hours, heartbeat=time.time() + 3600 * hours)
    with run.worker_lock.acquire():
        assert run.status().state is RunState.RUNNING
    assert run.status().state is RunState.LOST


def test_a_run_in_another_container_is_seen_at_work(run: Run) -> None:
    """Its PID means nothing here, its lock does."""
    at_work(run, 2**22 - 1, own_start())
    with run.worker_lock.acquire():
        assert run.status().state is RunState.RUNNING


def test_a_run_that_was_asked_to_pause_is_pausing(run: Run) -> None:
    at_work(run, os.getpid(), own_start())
    run.pause_file.touch()
    assert run.status().state is RunState.PAUSING
    assert run.status().state.is_active
    assert not RunState.PAUSED.is_active


def test_a_zombie_is_dead() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    try:
        deadline = time.monotonic() + 5
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not is_running(pid, psutil.Process(pid).create_time())
    finally:
        os.waitpid(pid, 0)


def test_a_metrics_line_cut_by_a_crash_is_left_out(run: Run) -> None:
    write_text(run.metrics_file, '{"epoch": 1}\n{"epoch": 2}\n{"epo')
    assert [record["epoch"] for record in run.metrics()] == [1, 2]


def test_rename_keeps_the_id(run: Run, workspace: Workspace) -> None:
    run.rename("  Better name ")
    assert open_run(workspace.runs, run.id).name == "Better name"
    with pytest.raises(RunError, match="needs a name"):
        run.rename(" ")


def test_delete_refuses_a_run_at_work(run: Run, workspace: Workspace) -> None:
    at_work(run, os.getpid(), own_start())
    with pytest.raises(RunError, match="still at work"):
        delete_run(run)
    at_work(run, os.getpid(), own_start(), state=RunState.FINISHED)
    delete_run(run)
    assert list_runs(workspace.runs) == []
    assert list(workspace.runs.iterdir()) == []


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"state": "dancing"}', '{"state": 3}'])
def test_a_damaged_status_is_named_and_can_be_deleted(run: Run, workspace: Workspace, damage: str) -> None:
    (run.folder / "status.json").write_text(damage)
    with pytest.raises(RunError, match=rf"status.*{run.id}|{run.id}.*status|status.json"):
        run.status()
    delete_run(run)
    assert list_runs(workspace.runs) == []


@pytest.mark.parametrize("hostile", ["../datasets", "/etc", "..", "x/../../y"])
def test_an_id_from_a_link_cannot_leave_the_workspace(hostile: str, workspace: Workspace) -> None:
    with pytest.raises(WorkbenchError, match="not an id"):
        open_run(workspace.runs, hostile)


def test_a_missing_run_is_named(workspace: Workspace) -> None:
    with pytest.raises(RunError, match="There is no run 2026-gone"):
        open_run(workspace.runs, "2026-gone")


def test_the_log_is_read_from_its_end(run: Run) -> None:
    run.log_file.write_bytes(b"\xff" + b"x" * 50_000 + b"the end\n")
    assert run.log(100).endswith("the end\n")
    assert len(run.log(100)) == 100


def test_a_folder_cut_short_in_creation_is_no_run(workspace: Workspace) -> None:
    (workspace.runs / ".incoming-x").mkdir()
    (workspace.runs / "stray").mkdir()
    Path(workspace.runs / "file.txt").touch()
    assert list_runs(workspace.runs) == []


def test_what_a_crash_left_behind_is_removed_in_time(run: Run, workspace: Workspace) -> None:
    old, new = workspace.runs / ".incoming-old", workspace.runs / ".deleted-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    create_run(workspace.runs, {}, "next")
    assert not old.exists()
    assert new.exists()
    assert run.folder.exists()


def test_runs_on_a_data_set_are_found_beside_damaged_ones(workspace: Workspace, run: Run) -> None:
    on_it = create_run(workspace.runs, {"dataset_id": "pets"}, "On it")
    (run.folder / "config.json").write_text("{")
    assert runs_on(workspace.runs, "pets") == [on_it]
