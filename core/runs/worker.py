"""The process of one run: `python -m core.runs.worker RUN_DIR`."""

import contextlib
import sys
import time
import traceback
from pathlib import Path

import filelock

from core.errors import Cancelled, WorkbenchError
from core.faults import is_disk_full
from core.runs.failure import explain_failure
from core.runs.jobs import job_of_kind
from core.runs.reporter import Reporter
from core.runs.store import Run, RunState, Status
from core.tracking.start import track
from core.workspace import workspace_around

FAILED, ALREADY_AT_WORK, USAGE = 1, 3, 2
LOOK = 1.0  # seconds


def work(run: Run) -> int:
    """Do what the run's config says, from where it was left; returns the exit status."""
    try:
        # Whoever only looks whether the run is locked holds the lock for a moment: wait for that.
        with run.worker_lock.acquire(timeout=LOOK):
            return _work_alone(run)
    except filelock.Timeout:
        print(f"Another process is already at work on {run.id}.", file=sys.stderr)
        return ALREADY_AT_WORK


def _work_alone(run: Run) -> int:
    reporter = Reporter(run)
    try:
        reporter.update(started=time.time())
        track(run)
        job_of_kind(run.config().get("kind", ""))(workspace_around(run.folder), reporter)
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
        reporter.close(state, message=failure.message, fix=failure.fix, cause=type(error).__name__)
        return FAILED
    reporter.close(RunState.FINISHED)
    return 0


def main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) != 1 or not (Path(arguments[0]) / "config.json").is_file():
        print("usage: python -m core.runs.worker RUN_DIR   (a folder with a config.json)", file=sys.stderr)
        return USAGE
    run = Run(Path(arguments[0]).resolve())
    if not (run.folder / "status.json").exists():  # a folder made by hand, for settings from elsewhere
        run.write_status(Status(RunState.QUEUED, queued=time.time()))
    return work(run)


if __name__ == "__main__":
    sys.exit(main())
