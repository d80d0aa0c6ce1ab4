"""More epochs for a run that has ended."""

from dataclasses import replace

from core.errors import RunError
from core.records import from_json, to_json
from core.runs.launcher import launch
from core.runs.store import Run, is_active
from core.training.config import CnnRunConfig


def continue_run(run: Run, more_epochs: int) -> None:
    """Train for `more_epochs` beyond the finished ones: raise the number, start the worker again.

    Early stopping is switched off: who asks for more epochs wants them all.

    Raises:
        RunError: the run is at work, or nothing is added.
    """
    if is_active(run):
        raise RunError(f"Run {run.name} is still at work.", fix="Wait for its end, or stop it first.")
    if more_epochs < 1:
        raise RunError("There are no epochs to add.", fix="Ask for at least one more.")
    config = from_json(CnnRunConfig, run.config())
    epochs = len(run.metrics()) + more_epochs
    run.write_config(
        to_json(replace(config, training=replace(config.training, epochs=epochs, patience=None)))
    )
    launch(run)
