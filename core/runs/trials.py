"""Ten batches before a run starts, as a job of its own: what an epoch will take."""

import contextlib

from core.errors import RunError
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, create_run, delete_run, is_active, list_runs
from core.training.config import CnnRunConfig
from core.workspace import Workspace

KIND = "trial"


def start_trial(workspace: Workspace, config: CnnRunConfig) -> Run:
    """Measure `config` in a process of its own, for core.training.estimate; ended trials are deleted."""
    parent = workspace.caches / "trials"
    parent.mkdir(parents=True, exist_ok=True)
    for ended in list_runs(parent):
        if not is_active(ended):
            with contextlib.suppress(RunError, OSError):
                delete_run(ended)
    run = create_run(parent, {**to_json(config), "kind": KIND}, config.name)
    launch(run)
    return run
