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

import psutil

from core.errors import RunError
from core.runs.store import Run, RunState, is_active
from core.workspace import write_json

PROJECT = Path(__file__).resolve().parents[2]
HEAR_WITHIN = 20.0  # seconds from the stop file to the end of a worker that has not heard of it
FINISH_WITHIN = 600.0  # seconds more for one that has: it still predicts with the best weights
# Threads that wait for each other soon sleep instead of spinning: beside as many busy processes as there
# are cores, a step is then several times as fast, and alone as fast (tests/benchmarks/bench_contention.py).
CALM_THREADS = {"GOMP_SPINCOUNT": "10000", "KMP_BLOCKTIME": "1"}
DIE_WITHIN = 5.0  # seconds from terminating to killing


def launch(run: Run) -> None:
    """Start the worker of `run`, or start it again: it goes on from its last checkpoint.

    The process has a session of its own, so it outlives this one.

    Raises:
        RunError: a worker is already at work on it.
    """
    if (run.folder / "launch.json").exists() and is_active(run):
        raise RunError(f"Run {run.name} is already at work.", fix="Watch it on the Runs page.")
    run.stop_file.unlink(missing_ok=True)
    (run.folder / "launch.json").unlink(missing_ok=True)
    run.write_status(
        replace(
            run.written_status(),
            state=RunState.QUEUED,
            queued=time.time(),
            pid=None,
            process_started=None,
            stop_heard=False,
            finished=None,
            message="",
            fix="",
        )
    )
    with run.log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.runs.worker", str(run.folder)],
            cwd=PROJECT,
            env={**CALM_THREADS, **os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
            | getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    write_json(
        run.folder / "launch.json",
        {"pid": process.pid, "process_started": psutil.Process(process.pid).create_time()},
    )
    threading.Thread(target=process.wait, daemon=True, name=f"reaper of {run.id}").start()


def request_stop(run: Run) -> None:
    """Ask the worker to stop at the next batch; one that doesn't hear, or doesn't finish, is ended."""
    status = run.status()
    if not status.state.is_active:
        return
    run.stop_file.touch()
    threading.Thread(target=_end_if_disobeyed, args=(run,), daemon=True).start()


def _end_if_disobeyed(run: Run) -> None:
    if _ends_within(run, HEAR_WITHIN) or (_has_heard(run) and _ends_within(run, FINISH_WITHIN)):
        return
    for end in (psutil.Process.terminate, psutil.Process.kill):
        _to_worker_and_children(run, end)
        if _ends_within(run, DIE_WITHIN):
            return


def _ends_within(run: Run, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_active(run):
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
