"""Cross-validated searches in the workspace: started, listed and read. No torch, no scikit-learn."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from core.errors import ConfigError, WorkbenchError
from core.records import from_json, to_json
from core.runs.launcher import launch
from core.runs.store import Run, create_run, list_runs
from core.training.config import CnnRunConfig
from core.tuning.skorch_config import CrossValidationConfig, with_parameters
from core.tuning.skorch_results import FitRecord
from core.workspace import Workspace


def searches_folder(workspace: Workspace) -> Path:
    """Where the folders of the searches are, each that of a job."""
    return workspace.root / "cross-validations"


def start_search(workspace: Workspace, config: CrossValidationConfig) -> Run:
    """Search in a process of its own.

    Raises:
        RunError: it can't be started, as on a full disk.
    """
    folder = searches_folder(workspace)
    folder.mkdir(exist_ok=True)
    run = create_run(folder, to_json(config), config.name)
    launch(run)
    return run


def searches_on(workspace: Workspace, dataset_id: str) -> list[tuple[Run, CrossValidationConfig]]:
    """Those on that data set that can be read, newest first."""
    found = []
    for run in list_runs(searches_folder(workspace)):
        with suppress(WorkbenchError):
            config = search_config(run)
            if config.base.dataset_id == dataset_id:
                found.append((run, config))
    return found


def search_config(run: Run) -> CrossValidationConfig:
    """The settings of a search.

    Raises:
        WorkbenchError: they are gone or damaged.
    """
    return from_json(CrossValidationConfig, run.config())


def fits_of(run: Run) -> list[FitRecord]:
    """The finished fits of a search, in their order; what can't be read is left out, and done again."""
    fits = []
    for record in run.metrics():
        with suppress(ConfigError):
            fits.append(from_json(FitRecord, record))
    return fits


def best_run_config(run: Run, config: CrossValidationConfig) -> CnnRunConfig:
    """The settings of a run with the best parameters of a finished search.

    Raises:
        ConfigError: the search has not found any.
    """
    best = run.status().result.get("best")
    if not isinstance(best, dict):
        raise ConfigError("This search has no best settings yet.", fix="Let it finish.")
    return replace(with_parameters(config.base, best), name=f"Best of {config.name}"[:120])
