"""The download of a backbone's weights as a job: it outlives the page, and can be stopped. No torch."""

import contextlib
import time

from core.errors import RunError
from core.runs.launcher import launch
from core.runs.store import Run, create_run, delete_run, is_active, list_runs
from core.workspace import Workspace

KIND = "fetch-weights"
KEPT_FOR = 3600.0  # seconds that an ended download can still tell how it ended


def start_fetch(workspace: Workspace, name: str) -> Run:
    """Download the weights of backbone `name` in a process of its own, or join the one that is at it.

    Progress is in bytes; the result is `{"name": name}`.

    Raises:
        RunError: the process can't be started, as on a full disk.
    """
    before = last_fetch(workspace, name)
    if before is not None and is_active(before):
        return before
    _tidy(workspace, name)
    run = create_run(workspace.caches / "fetches", {"kind": KIND, "name": name}, name)
    launch(run)
    return run


def last_fetch(workspace: Workspace, name: str) -> Run | None:
    """The newest download of the weights of backbone `name`, at work or ended; None if there is none."""
    return next((run for run in _fetches(workspace) if _name_of(run) == name), None)


def _tidy(workspace: Workspace, name: str) -> None:
    """Delete the ended downloads of the same weights, and those that ended an hour ago."""
    for run in _fetches(workspace):
        with contextlib.suppress(RunError, OSError):
            if _name_of(run) == name or time.time() - run.folder.stat().st_mtime > KEPT_FOR:
                delete_run(run)


def _fetches(workspace: Workspace) -> list[Run]:
    return list_runs(workspace.caches / "fetches")


def _name_of(run: Run) -> str | None:
    with contextlib.suppress(RunError):
        return run.config().get("name")
    return None
