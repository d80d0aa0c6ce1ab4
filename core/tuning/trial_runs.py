"""The trials of a study as runs like any other: made, started, looked at and stopped."""

import contextlib
import math
import os
import tempfile
from pathlib import Path

from core.comparison.scores import scores_of
from core.errors import RunError, WorkbenchError
from core.records import to_json
from core.runs.launcher import launch, request_pause, request_stop
from core.runs.place import PLACE_FILE, Place
from core.runs.store import TRIAL_FILE, Run, RunState, TrialOf, create_run, is_active, list_runs
from core.training.device import visible_devices
from core.training.predictions import load_predictions
from core.training.run_config import RunConfig
from core.tuning.studies import starting_weights
from core.tuning.study import Sight
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial, TrialState
from core.workspace import Workspace, write_json

# What another try with the same values would meet again.
HOPELESS = ("LossNotFinite", "OutOfMemoryError", "MemoryError", "ConfigError", "LayerError")
MOST_WATCHED = 32
OUT_OF_MEMORY = "ran out of memory"


def most_at_once(place: Place | None = None) -> int:
    """How many trials this machine can run at once: one on each GPU, or one on each core.

    Of trials on a cluster, it only watches each from a process of its own.
    """
    if place is not None:
        return MOST_WATCHED
    devices = visible_devices()
    return os.cpu_count() or 1 if devices[0].name == "cpu" else len(devices)


def share_the_processor(config: StudyConfig) -> bool:
    """Whether the trials of a study that are under way at once divide this machine's cores among them."""
    return config.place is None and config.at_once > 1 and visible_devices()[0].name == "cpu"


class TrialRuns:
    """The runs of one study's trials. On a processor they share its cores evenly."""

    def __init__(self, workspace: Workspace, study: Run, config: StudyConfig) -> None:
        self._workspace, self._study, self._config = workspace, study, config
        cores = os.cpu_count() or 1
        self._threads = max(1, cores // config.at_once) if share_the_processor(config) else None

    def make(self, trial: Trial, config: RunConfig) -> str:
        if trial.run_id is not None:
            return trial.run_id
        mark = TrialOf(self._study.id, trial.number, self._threads)
        for run in list_runs(self._workspace.runs):  # made just before the study was killed
            found = run.trial_of()
            if found and (found.study_id, found.number) == (mark.study_id, mark.number):
                return run.id
        with tempfile.TemporaryDirectory(dir=self._study.folder) as folder:
            write_json(Path(folder) / TRIAL_FILE, to_json(mark))
            files = {TRIAL_FILE: Path(folder) / TRIAL_FILE, **starting_weights(self._study)}
            if self._config.place is not None:
                files[PLACE_FILE] = Path(folder) / PLACE_FILE
                write_json(files[PLACE_FILE], to_json(self._config.place))
            return create_run(self._workspace.runs, to_json(config), config.name, files=files).id

    def start(self, trial: Trial) -> None:
        run = self._run(trial)
        if not _exists(run):
            return
        never_launched = not (run.folder / "launch.json").exists()
        if never_launched or (not is_active(run) and not _has_ended(run)):
            try:
                launch(run)
            except RunError:
                if not is_active(run):  # else it has been started meanwhile, as from the Runs page
                    raise

    def look(self, trial: Trial) -> Sight:
        run = self._run(trial)
        if not _exists(run):
            return Sight(TrialState.ABANDONED, trial.curve, reason="its run was deleted")
        try:
            status = run.status()
        except RunError as damage:
            return Sight(TrialState.FAILED, trial.curve, reason=str(damage))
        curve = tuple(_numbers(run, self._config.watched))
        match status.state:
            case RunState.PAUSED | RunState.PAUSING:
                return Sight(
                    TrialState.INTERRUPTED if status.state is RunState.PAUSED else trial.state, curve
                )
            case RunState.LOST:
                return Sight(TrialState.FAILED, curve, reason=status.message, died=True)
            case RunState.FAILED:
                again = status.cause not in HOPELESS and OUT_OF_MEMORY not in status.message
                state = TrialState.FAILED if again else TrialState.ABANDONED
                return Sight(state, curve, reason=status.message)
            case RunState.FINISHED:
                return self._scored(run, TrialState.FINISHED, curve)
            case RunState.STOPPED if trial.reason:
                return self._scored(run, TrialState.STOPPED_EARLY, curve)
            case RunState.STOPPED:
                return Sight(TrialState.ABANDONED, curve, reason="its run was stopped by hand")
        return Sight(TrialState.RUNNING, curve)

    def stop(self, trial: Trial) -> None:
        run = self._run(trial)
        if not run.stop_file.exists():
            with contextlib.suppress(RunError):
                request_stop(run)

    def pause(self, trial: Trial) -> None:
        with contextlib.suppress(RunError):
            request_pause(self._run(trial))

    def _run(self, trial: Trial) -> Run:
        return Run(self._workspace.runs / str(trial.run_id))

    def _scored(self, run: Run, state: TrialState, curve: tuple[float, ...]) -> Sight:
        """The score of the weights that the run keeps; what isn't finite is no score."""
        try:
            predictions = load_predictions(run.folder, "valid")
            if predictions is None:
                return Sight(
                    TrialState.FAILED, curve, reason="it has no predictions of the validation pictures"
                )
            score = scores_of(predictions.probabilities, predictions.targets)[self._config.objective]
            seconds = self._picture_seconds(run) if self._config.fast else None
        except WorkbenchError as failure:
            return Sight(TrialState.FAILED, curve, reason=str(failure))
        if not math.isfinite(score):
            return Sight(TrialState.ABANDONED, curve, reason=f"its {self._config.objective} is not a number")
        return Sight(state, curve, score, seconds)

    def _picture_seconds(self, run: Run) -> float:
        """On one core, in this process: the trials under way need the others."""
        import torch

        from core.comparison.timed_pictures import pictures_to_time
        from core.serving.picture_time import seconds_a_picture
        from core.serving.prediction import load_predictor

        torch.set_num_threads(1)
        return seconds_a_picture(load_predictor(run), pictures_to_time(self._workspace, run))


def _exists(run: Run) -> bool:
    return (run.folder / "config.json").is_file()


def _has_ended(run: Run) -> bool:
    with contextlib.suppress(RunError):
        return run.status().state in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED)
    return True


def _numbers(run: Run, name: str) -> list[float]:
    return [value for record in run.metrics() if isinstance(value := record.get(name), int | float)]
