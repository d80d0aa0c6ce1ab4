"""Starting and stopping the process of a run."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import filelock
import psutil

from core.errors import RunError
from core.runs.store import Run, RunState, is_active
from core.runs.warm import fork_worker, warm_up
from core.workspace import write_json

PROJECT = Path(__file__).resolve().parents[2]
HEAR_WITHIN = 20.0  # seconds from the stop file to the end of a worker that has not heard of it
FINISH_WITHIN = 600.0  # seconds more for one that has: it still predicts with the best weights
# Threads that wait for each other soon sleep instead of spinning: beside as many busy processes as there
# are cores, a step is then several times as fast, and alone as fast (tests/benchmarks/bench_contention.py).
CALM_THREADS = {"GOMP_SPINCOUNT": "10000", "KMP_BLOCKTIME": "1"}
# Large pages for the maps of a network: a step is a twentieth faster.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
DIE_WITHIN = 5.0  # seconds from terminating to killing
LAUNCH_WITHIN = 20.0  # seconds that another start of the same run may take


def launch(run: Run) -> None:
    """Start the worker of `run`, or start it again: it goes on from its last checkpoint.

    The process has a session of its own, so it outlives this one.

    Raises:
        RunError: a worker is already at work on it, or the disk is too full to start one.
    """
    try:
        with filelock.FileLock(run.folder / "launch.lock", timeout=LAUNCH_WITHIN):
            _launch_alone(run)
    except filelock.Timeout:
        raise _already_at_work(run) from None
    except OSError as failure:
        raise RunError(
            f"Run {run.id} can't be started: {failure.strerror or failure}.",
            fix="Free some space on the disk, or check that its folder may be written to.",
        ) from failure


def _launch_alone(run: Run) -> None:
    # The lock tells of a worker whose launcher was killed before it could note that it had started it.
    if is_active(run) and ((run.folder / "launch.json").exists() or run.is_locked()):
        raise _already_at_work(run)
    before = run.written_status()
    run.reserve_room()
    run.stop_file.unlink(missing_ok=True)
    run.pause_file.unlink(missing_ok=True)
    (run.folder / "launch.json").unlink(missing_ok=True)
    try:
        run.write_status(
            replace(
                before,
                state=RunState.QUEUED,
                queued=time.time(),
                pid=None,
                process_started=None,
                stop_heard=False,
                finished=None,
                message="",
                fix="",
                cause="",
            )
        )
        _start_worker(run)
    except OSError:
        run.write_last_status(before)
        raise


def get_ready() -> None:
    """Have workers start at once from soon on, where that is possible."""
    warm_up(_environment())


def _environment() -> dict[str, str]:
    return {**CALM_THREADS, **LARGE_PAGES, **os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def _start_worker(run: Run) -> None:
    trial = run.trial_of()
    threads = {"OMP_NUM_THREADS": str(trial.threads)} if trial and trial.threads else {}
    environment = _environment() | threads
    pid = fork_worker(run.folder, run.log_file, environment)
    if pid is None:
        pid = _new_interpreter(run, environment)
    try:
        worker = psutil.Process(pid)
        write_json(run.folder / "launch.json", {"pid": pid, "process_started": worker.create_time()})
    except psutil.NoSuchProcess:  # it has ended already, and its status says how
        return
    except OSError:
        worker.kill()
        raise


def _new_interpreter(run: Run, environment: dict[str, str]) -> int:
    with run.log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.runs.worker", str(run.folder)],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
            | getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    threading.Thread(target=process.wait, daemon=True, name=f"reaper of {run.id}").start()
    return process.pid


def _already_at_work(run: Run) -> RunError:
    return RunError(f"Run {run.name} is already at work.", fix="Watch it on the Runs page.")


def request_pause(run: Run) -> None:
    """Ask the worker to keep its state at the next batch and to leave the device; launch it to go on."""
    if run.status().state.is_active:
        run.pause_file.touch()


def request_stop(run: Run) -> None:
    """Ask the worker to stop at the next batch; one that doesn't hear, or doesn't finish, is ended."""
    status = run.status()
    if not status.state.is_active:
        return
    run.pause_file.unlink(missing_ok=True)
    run.stop_file.touch()
    threading.Thread(target=_end_if_disobeyed, args=(run, status.queued), daemon=True).start()


def _end_if_disobeyed(run: Run, queued: float) -> None:
    """End the worker of the run that was queued then; one that was started since is another."""
    if _ends_within(run, queued, HEAR_WITHIN):
        return
    if _has_heard(run) and _ends_within(run, queued, FINISH_WITHIN):
        return
    for end in (psutil.Process.terminate, psutil.Process.kill):
        _to_worker_and_children(run, end)
        if _ends_within(run, queued, DIE_WITHIN):
            return


def _ends_within(run: Run, queued: float, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_active(run) or run.status().queued != queued:
            return True
        time.sleep(0.2)
    return False


def _has_heard(run: Run) -> bool:
    with contextlib.suppress(RunError):
        return run.status().stop_heard
    return False


def _to_worker_and_children(run: Run, end: Callable[[psutil.Process], None]) -> None:
    pid = run.status().pid
    if pid is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        worker = psutil.Process(pid)
        for process in (worker, *worker.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                end(process)
