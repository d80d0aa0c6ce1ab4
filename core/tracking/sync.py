"""The process that sends runs to MLflow; it alone imports that.

    python -m core.tracking.sync            send now what still waits
    python -m core.tracking.sync --all      also the runs that were made without `MLFLOW_TRACKING_URI`
    python -m core.tracking.sync --follow   and keep sending while a run is at work; a worker starts this

One such process at a time works on a workspace. It reads the folders of runs and writes nothing into them
but their cursor, so a run never waits for it; while the server is down, cursors stay where they are.
"""

import argparse
import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock

from core.errors import WorkbenchError
from core.runs.store import Run, is_active, list_runs
from core.tracking.contents import KINDS, waiting
from core.tracking.cursor import FILE, Cursor, load_cursor, mark_tracked, save_cursor
from core.tracking.sending import send_run
from core.tracking.settings import usable_uri, without_secrets
from core.workspace import Workspace, open_workspace

POLL, RETRY = 2.0, 15.0  # seconds between two looks, and after one that found the server down
WAIT_FOR_OTHER = 20.0  # seconds: longer than another process goes without looking for new runs
LONGEST_PROBLEM = 300  # characters
# A server that does not answer soon is asked again later.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def sync(workspace: Workspace, uri: str, *, follow: bool = False) -> list[tuple[Run, int]]:
    """Send all that waits; the runs of which something still does, with how many records.

    Raises:
        filelock.Timeout: another process is at it.
    """
    workspace.caches.mkdir(exist_ok=True)
    with filelock.FileLock(workspace.caches / "tracking.lock", timeout=WAIT_FOR_OTHER):
        client, at_rest = _client(uri), dict[str, int]()
        while True:
            was_at_work = _is_at_work(workspace)
            is_up = _send_all(client, workspace, without_secrets(uri), at_rest)
            # A run that has begun meanwhile counts too: its own sender may have waited, and given up.
            if not follow or not (was_at_work or _is_at_work(workspace)):
                break
            time.sleep(POLL if is_up else RETRY)
    left = [(run, waiting(run, cursor)) for run, cursor in _cursors(workspace, without_secrets(uri))]
    return [(run, count) for run, count in left if count]


def tracked(workspace: Workspace) -> list[Run]:
    """The runs that are logged to MLflow, newest first."""
    return [run for run in list_runs(workspace.runs) if (run.folder / FILE).exists()]


def _is_at_work(workspace: Workspace) -> bool:
    return any(is_active(run) for run in tracked(workspace))


def _client(uri: str) -> Any:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    return MlflowClient(uri)


def _cursors(workspace: Workspace, uri: str) -> list[tuple[Run, Cursor]]:
    """The runs that are logged to `uri`, with how far they are sent; those for another server wait for it."""
    found = []
    for run in tracked(workspace):
        with suppress(WorkbenchError, OSError):  # deleted meanwhile, or damaged
            cursor = load_cursor(run)
            if cursor is not None and cursor.uri in ("", uri):
                found.append((run, mark_tracked(run, uri)))
    return found


def _send_all(client: Any, workspace: Workspace, uri: str, at_rest: dict[str, int]) -> bool:
    """One look at every run; whether the server answers. `at_rest` are those that need none until they
    change, with the time of their status."""
    for run, cursor in _cursors(workspace, uri):
        changed = _last_change(run)
        if at_rest.get(run.id) == changed:
            continue
        try:
            if waiting(run, cursor):
                send_run(client, workspace, run, cursor)
            if not is_active(run):
                at_rest[run.id] = changed
        except (WorkbenchError, FileNotFoundError):
            continue
        except Exception as failure:  # of the network, the server or its database, in many classes
            words = without_secrets(problem_words(failure))
            print(f"{run.id}: {words}", flush=True)
            last = load_cursor(run) or cursor
            save_cursor(run, replace(last, problem=words, tried=time.time()))
            if _network_error(failure) is not None:
                return False
            at_rest[run.id] = changed  # the trouble is with this run: such as deleted in MLflow
    return True


def _last_change(run: Run) -> int:
    """When the run's status was last written; 0 where it is gone."""
    try:
        return (run.folder / "status.json").stat().st_mtime_ns
    except OSError:
        return 0


def problem_words(failure: Exception) -> str:
    """What went wrong; of a server that doesn't answer, without the layers of libraries around it."""
    cause = _network_error(failure)
    words = (
        f"{type(failure).__name__}: {failure}" if cause is None else f"The server does not answer: {cause}"
    )
    return words[:LONGEST_PROBLEM]


def _network_error(failure: Exception) -> OSError | None:
    """The innermost error of a socket behind `failure`."""
    found, behind = None, failure.__cause__ or failure.__context__
    while behind is not None:
        found = behind if isinstance(behind, OSError) else found
        behind = behind.__cause__ or behind.__context__
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m core.tracking.sync", description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="also runs made without MLFLOW_TRACKING_URI")
    parser.add_argument("--follow", action="store_true", help="keep sending while a run is at work")
    parser.add_argument("--workspace", type=Path, help="default: WORKBENCH_HOME")
    chosen = parser.parse_args(arguments)
    try:
        uri = usable_uri()
    except WorkbenchError as refusal:
        print(refusal, file=sys.stderr)
        return 2
    if uri is None:
        print("MLFLOW_TRACKING_URI is not set: there is nowhere to send runs to.", file=sys.stderr)
        return 2
    if chosen.follow and hasattr(os, "nice"):  # trainings go first
        os.nice(15)
    workspace = open_workspace(chosen.workspace)
    if chosen.all:
        for run in list_runs(workspace.runs):
            with suppress(WorkbenchError):  # a damaged one stays where it is
                if run.config().get("kind") in KINDS:
                    mark_tracked(run, without_secrets(uri))
    try:
        left = sync(workspace, uri, follow=chosen.follow)
    except filelock.Timeout:
        print("Another process is sending runs at this moment.", flush=True)
        return 0
    for run, count in left:
        print(f"{run.id}: {count} records still wait")
    print(
        "Everything has been sent." if not left else "The rest is sent at the next run, or by this command."
    )
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
