"""A run that has ended goes on with other settings: for longer, without lost pictures, or more slowly."""

from collections.abc import Sequence
from dataclasses import replace

from core.errors import RunError
from core.records import from_json, to_json
from core.runs.launcher import launch
from core.runs.store import Run, is_active
from core.training.config import CnnRunConfig

SLOWER = 10  # times


def continue_run(run: Run, more_epochs: int) -> None:
    """Train for `more_epochs` beyond the finished ones: raise the number, start the worker again.

    Early stopping is switched off: who asks for more epochs wants them all.

    Raises:
        RunError: the run is at work, or nothing is added.
    """
    config = _config_at_rest(run)
    if more_epochs < 1:
        raise RunError("There are no epochs to add.", fix="Ask for at least one more.")
    epochs = len(run.metrics()) + more_epochs
    _go_on(run, replace(config, training=replace(config.training, epochs=epochs, patience=None)))


def go_on_without(run: Run, keys: Sequence[str]) -> None:
    """Go on without the pictures of these keys, which can't be read any more, and without earlier ones.

    Raises:
        RunError: the run is at work, or no picture is named.
    """
    config = _config_at_rest(run)
    if not keys:
        raise RunError(f"No picture of run {run.name} is lost.", fix="Start it again as it is.")
    _go_on(run, replace(config, without=tuple(dict.fromkeys([*config.without, *keys]))))


def continue_slower(run: Run) -> None:
    """Go on from the last good checkpoint with a tenth of the learning rate.

    Raises:
        RunError: the run is at work.
        ConfigError: the learning rate can't get any smaller.
    """
    config = _config_at_rest(run)
    rate = config.training.learning_rate / SLOWER
    _go_on(run, replace(config, training=replace(config.training, learning_rate=rate)))


def _config_at_rest(run: Run) -> CnnRunConfig:
    if is_active(run):
        raise RunError(f"Run {run.name} is still at work.", fix="Wait for its end, or stop it first.")
    return from_json(CnnRunConfig, run.config())


def _go_on(run: Run, config: CnnRunConfig) -> None:
    run.write_config(to_json(config))
    launch(run)
