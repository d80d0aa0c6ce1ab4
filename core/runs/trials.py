"""Ten batches before a run starts, as a job of its own: what an epoch will take."""

from core.records import to_json
from core.runs.side_jobs import start_side_job
from core.runs.store import Run
from core.training.config import CnnRunConfig
from core.workspace import Workspace

KIND = "trial"


def start_trial(workspace: Workspace, config: CnnRunConfig) -> Run:
    """Measure `config` in a process of its own, for core.training.estimate; ended trials are deleted."""
    return start_side_job(workspace.caches / "trials", {**to_json(config), "kind": KIND}, config.name)
