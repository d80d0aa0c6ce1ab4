"""How long a study will take, told from runs like its trials before it starts. No torch."""

import statistics
from contextlib import suppress
from dataclasses import dataclass

from core.errors import WorkbenchError
from core.runs.place import place_of
from core.runs.store import Run, RunState, runs_on
from core.training.config import CnnRunConfig
from core.training.device import visible_devices
from core.training.measured import load_trial, trial_file
from core.training.run_config import RunConfig, run_config
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trial_runs import share_the_processor
from core.workspace import Workspace

MOST_RUNS = 20  # that are looked at, the newest first
USUAL_START = 5.0  # seconds until a process trains, until a run has told


@dataclass(frozen=True)
class Forecast:
    """Of a study: how many trials, seconds of one and of all, and what that is known from, in words.

    `trials` is None where only the minutes bound them; seconds are None where nothing is known.
    """

    trials: int | None
    trial_seconds: float | None
    seconds: float | None
    source: str = ""


def forecast(workspace: Workspace, config: StudyConfig, pictures: int, validation_pictures: int) -> Forecast:
    """For a training part of so many `pictures`, without early stopping.

    Trials that share a processor take as many times longer as there are at once.
    """
    trials = config.trials
    if config.method is Method.GRID:
        points = len(config.space.grid(config.base))
        trials = points if trials is None else min(points, trials)
    trial_seconds, source = _trial_seconds(workspace, config, pictures, validation_pictures)
    if trial_seconds is not None and share_the_processor(config):
        trial_seconds *= config.at_once
    seconds = None if trial_seconds is None or trials is None else trials * trial_seconds / config.at_once
    if config.minutes is not None:
        seconds = min(60 * config.minutes, seconds or 60 * config.minutes)
    return Forecast(trials, trial_seconds, seconds, source)


def _trial_seconds(
    workspace: Workspace, config: StudyConfig, pictures: int, validation_pictures: int
) -> tuple[float | None, str]:
    """From finished runs of the same network on the same pictures, else from ten batches measured here; one
    that doesn't share the processor."""
    base, times = config.base, []
    for run in runs_on(workspace.runs, base.dataset_id)[:MOST_RUNS]:
        with suppress(WorkbenchError, OSError, ValueError):
            if _is_alike(run_config(run.config()), base) and _is_carried_out_alike(run, config):
                times += _times(run)
    if times:
        start, epoch = (statistics.median(column) for column in zip(*times, strict=True))
        return start + base.training.epochs * epoch, "from earlier runs like it"
    if isinstance(base, CnnRunConfig) and config.place is None:
        trial = load_trial(trial_file(workspace, base, visible_devices()[0].name))
        if trial is not None:
            epoch = (
                pictures * trial.seconds_a_picture + validation_pictures * trial.validation_seconds_a_picture
            )
            return USUAL_START + base.training.epochs * epoch, "from ten measured batches"
    return None, ""


def _is_alike(config: RunConfig, base: RunConfig) -> bool:
    """Whether epochs take as long: the same kind of network and size of picture."""
    if isinstance(config, CnnRunConfig) and isinstance(base, CnnRunConfig):
        same_blocks = len(config.cnn.blocks) == len(base.cnn.blocks)
        return same_blocks and config.preprocessing.shape == base.preprocessing.shape
    return type(config) is type(base) and getattr(config, "backbone", "") == getattr(base, "backbone", None)


def _is_carried_out_alike(run: Run, config: StudyConfig) -> bool:
    """Whether on the same cluster, or here too with all of the processor's cores."""
    trial = run.trial_of()
    return place_of(run) == config.place and (trial is None or trial.threads is None)


def _times(run: Run) -> list[tuple[float, float]]:
    """Seconds before the first epoch and after the last, and those of an epoch; empty where it can't tell."""
    status, records = run.status(), run.metrics()
    if status.state is not RunState.FINISHED or not records or not status.started or not status.finished:
        return []
    epochs = [
        float(record["seconds"]) for record in records if isinstance(record.get("seconds"), int | float)
    ]
    if not epochs:
        return []
    return [(max(0.0, status.finished - status.started - sum(epochs)), statistics.median(epochs))]
