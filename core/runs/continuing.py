"""A run that has ended goes on with other settings: for longer, without lost pictures, or more slowly."""

from collections.abc import Sequence
from dataclasses import replace

from core.errors import RunError
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, is_active
from core.training.run_config import RunConfig, run_config

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
    _check_at_rest(run)
    if not keys:
        raise RunError(f"No picture of run {run.name} is lost.", fix="Start it again as it is.")
    config = run.config()
    run.write_config({**config, "without": list(dict.fromkeys([*config.get("without", []), *keys]))})
    launch(run)


def continue_slower(run: Run) -> None:
    """Go on from the last good checkpoint with a tenth of the learning rate.

    Raises:
        RunError: the run is at work.
        ConfigError: the learning rate can't get any smaller.
    """
    config = _config_at_rest(run)
    _go_on(run, config.slower(SLOWER))


def _check_at_rest(run: Run) -> None:
    if is_active(run):
        raise RunError(f"Run {run.name} is still at work.", fix="Wait for its end, or stop it first.")


def _config_at_rest(run: Run) -> RunConfig:
    _check_at_rest(run)
    return run_config(run.config())


def _go_on(run: Run, config: RunConfig) -> None:
    run.write_config(to_json(config))
    launch(run)
