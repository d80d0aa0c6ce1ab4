"""The studies of a workspace. Each is a folder with a process, as a run is. No torch.

studies/<id>   config.json, status.json and log.txt as of a run; trials.json; analyses.json;
               start.pt, where every trial begins with the same weights
"""

from dataclasses import replace
from pathlib import Path

from core.errors import ConfigError, RunError
from core.records import from_json, to_json
from core.runs.launcher import launch
from core.runs.store import Run, create_run, is_active, list_runs, open_run
from core.tuning.study_config import StudyConfig
from core.tuning.trials import load_trials
from core.workspace import Workspace

FOLDER = "studies"
START_FILE = "start.pt"  # as in a run's folder


def start_study(workspace: Workspace, config: StudyConfig, weights: Path | None = None) -> Run:
    """Make a study, and start its process, which starts the trials; they begin with a copy of `weights`.

    Raises:
        RunError: the process can't be started, as on a full disk.
    """
    files = {} if weights is None else {START_FILE: weights}
    study = create_run(workspace.root / FOLDER, to_json(config), config.name, files=files)
    launch(study)
    return study


def starting_weights(study: Run) -> dict[str, Path]:
    """What the folder of a run with the study's settings begins with; empty where runs draw their weights."""
    weights = study.folder / START_FILE
    return {START_FILE: weights} if weights.exists() else {}


def open_study(workspace: Workspace, study_id: str) -> Run:
    """The study of that id, which may come from an address.

    Raises:
        RunError: there is none.
    """
    try:
        return open_run(workspace.root / FOLDER, study_id)
    except RunError:
        raise RunError(
            f"There is no study {study_id}.",
            fix="It may have been deleted. Choose another one from the list.",
        ) from None


def config_of(study: Run) -> StudyConfig:
    """What it searches.

    Raises:
        RunError: its settings can't be read.
    """
    try:
        return from_json(StudyConfig, study.config())
    except ConfigError as damage:
        raise RunError(
            f"The settings of study {study.id} can't be read: {damage}", fix="Delete the study."
        ) from damage


def list_studies(workspace: Workspace) -> list[Run]:
    """All of them, newest first."""
    return list_runs(workspace.root / FOLDER)


def add_trials(study: Run, trials: int | None, minutes: float | None) -> None:
    """Let an ended study go on for so many more trials, or minutes, than it has had.

    Raises:
        RunError: it is at work.
        ConfigError: nothing is added.
    """
    if is_active(study):
        raise RunError(f"Study {study.name} is still at work.", fix="Wait for its end, or stop it first.")
    if not trials and not minutes:
        raise ConfigError("Nothing is added to this study.", fix="Ask for at least one more trial.")
    done = load_trials(study.folder)
    config = replace(
        config_of(study),
        trials=done.counted + trials if trials else None,
        minutes=done.seconds / 60 + minutes if minutes else None,
    )
    study.write_config(to_json(config))
    launch(study)
