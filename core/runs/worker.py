"""The process of one run: `python -m core.runs.worker RUN_DIR`."""

import contextlib
import gc
import sys
import time
import traceback
from pathlib import Path

import filelock

from core.errors import Cancelled, WorkbenchError
from core.faults import is_disk_full
from core.runs.failure import explain_failure
from core.runs.jobs import Job, job_of_kind
from core.runs.place import check_installed, place_of
from core.runs.reporter import Reporter
from core.runs.store import Run, RunState, Status
from core.tracking.start import track
from core.workspace import Workspace, workspace_around

FAILED, ALREADY_AT_WORK, USAGE = 1, 3, 2
LOOK = 1.0  # seconds
SELDOM = 50_000  # new objects between two collections: loading PyTorch makes many, and they all stay


def work(run: Run) -> int:
    """Do what the run's config says, from where it was left; returns the exit status."""
    try:
        # Whoever only looks whether the run is locked holds the lock for a moment: wait for that.
        with run.worker_lock.acquire(timeout=LOOK):
            return carry_through(run, _do)
    except filelock.Timeout:
        print(f"Another process is already at work on {run.id}.", file=sys.stderr)
        return ALREADY_AT_WORK


def _do(workspace: Workspace, reporter: Reporter) -> None:
    """Here, or on the cluster that the run is to be carried out on."""
    track(reporter.run)
    place = place_of(reporter.run)
    if place is None:
        job_of_kind(reporter.run.config().get("kind", ""))(workspace, reporter)
        return
    check_installed()
    from core.cluster.carrying_out import carry_out

    carry_out(workspace, reporter, place)


def carry_through(run: Run, job: Job) -> int:
    """Do `job`, and leave the run with the status of how it ended; returns the exit status."""
    reporter = Reporter(run)
    try:
        reporter.update(started=time.time())
        job(workspace_around(run.folder), reporter)
    except Cancelled:
        reporter.close(RunState.PAUSED if reporter.should_pause() else RunState.STOPPED)
        return 0
    except Exception as error:
        failure = explain_failure(error)
        with contextlib.suppress(OSError):  # a full disk takes no log either
            if not isinstance(error, WorkbenchError):
                traceback.print_exc()
            print(f"{failure.message} {failure.fix}", file=sys.stderr, flush=True)
        state = RunState.PAUSED if is_disk_full(error) else RunState.FAILED
        reporter.close(state, message=failure.message, fix=failure.fix, cause=failure.cause)
        return FAILED
    reporter.close(RunState.FINISHED)
    return 0


def main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) != 1 or not (Path(arguments[0]) / "config.json").is_file():
        print("usage: python -m core.runs.worker RUN_DIR   (a folder with a config.json)", file=sys.stderr)
        return USAGE
    gc.set_threshold(SELDOM)
    return run_worker(arguments[0])


def run_worker(folder: str) -> int:
    """Be the worker of the run in `folder`; returns the exit status."""
    run = Run(Path(folder).resolve())
    if not (run.folder / "status.json").exists():  # a folder made by hand, for settings from elsewhere
        run.write_status(Status(RunState.QUEUED, queued=time.time()))
    return work(run)


if __name__ == "__main__":
    sys.exit(main())
