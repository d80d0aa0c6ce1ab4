"""Jobs whose result is kept elsewhere: the folder of one is deleted when the next begins."""

import contextlib
from pathlib import Path
from typing import Any

from core.errors import RunError
from core.runs.launcher import launch
from core.runs.store import Run, create_run, delete_run, is_active, list_runs


def start_side_job(parent: Path, config: dict[str, Any], name: str) -> Run:
    """Start a job in `parent`, and delete the ended ones there.

    Raises:
        RunError: the process can't be started, as on a full disk.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for ended in list_runs(parent):
        if not is_active(ended):
            with contextlib.suppress(RunError, OSError):
                delete_run(ended)
    run = create_run(parent, config, name)
    launch(run)
    return run
