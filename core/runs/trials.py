"""Ten batches before a run starts, as a job of its own: what an epoch will take."""

from core.records import to_json
from core.runs.side_jobs import start_side_job
from core.runs.store import Run
from core.training.config import CnnRunConfig
from core.training.fine_tune_config import FineTuneConfig
from core.workspace import Workspace

KINDS = {"train-cnn": "trial", "fine-tune": "fine-tune-trial"}


def start_trial(workspace: Workspace, config: CnnRunConfig | FineTuneConfig) -> Run:
    """Measure `config` in a process of its own, for its estimate; ended trials are deleted."""
    settings = {**to_json(config), "kind": KINDS[config.kind]}
    return start_side_job(workspace.caches / "trials", settings, config.name)
