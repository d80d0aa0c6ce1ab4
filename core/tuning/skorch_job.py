"""A cross-validated search as the work of a process: each fit is kept, and told with what is left."""

import json

from core.records import to_json
from core.runs.reporter import Reporter
from core.training.device import usable_device
from core.training.run_data import open_run_data
from core.tuning.skorch_config import CrossValidationConfig
from core.tuning.skorch_results import FitRecord
from core.tuning.skorch_search import run_search
from core.tuning.skorch_searches import fits_of
from core.workspace import Workspace, write_text


def run_cross_validation(
    workspace: Workspace, config: CrossValidationConfig, reporter: Reporter, device: str
) -> None:
    """Search as `config` says, from the fits that were done before; the result is the best parameters.

    Raises:
        Cancelled: the user asked for a pause or an end.
    """
    data = open_run_data(
        workspace, config.base, on_progress=reporter.progress, should_stop=reporter.should_stop
    )
    known = fits_of(reporter.run)
    # Anew, without a line that a crash cut short: the next one would be appended to it.
    write_text(reporter.run.metrics_file, "".join(json.dumps(to_json(fit)) + "\n" for fit in known))
    reporter.update(device=(device := usable_device(device)))
    progress = _Progress(config, known, reporter)
    best = run_search(
        workspace,
        config,
        data,
        device=device,
        known=known,
        tell=progress.tell,
        at_work=progress.at_work,
        interrupted=lambda: reporter.should_stop() or reporter.should_pause(),
    )
    reporter.update(result={"best": best}, what="")


class _Progress:
    """How many fits are done, where the present one is, and how long the rest takes."""

    def __init__(self, config: CrossValidationConfig, known: list[FitRecord], reporter: Reporter) -> None:
        self._config, self._fits, self._reporter = config, list(known), reporter
        self._planned = config.folds * sum(candidates * epochs for candidates, epochs in config.rungs)
        reporter.update(done=len(known), total=config.fits)

    def tell(self, fit: FitRecord) -> None:
        self._fits.append(fit)
        self._reporter.append_metrics(to_json(fit))
        score = f"accuracy {fit.accuracy:.4f}" if fit.accuracy is not None else fit.problem
        values = ", ".join(f"{name}={value:g}" for name, value in fit.parameters.items())
        print(f"{values}; {fit.epochs} epochs; fold {fit.fold + 1}: {score}; {fit.seconds:.2f} s", flush=True)
        self._reporter.update(done=len(self._fits), seconds_left=self._seconds_left())

    def at_work(self, epochs: int, fold: int, epoch: int) -> None:
        candidate = len(self._fits) // self._config.folds + 1
        words = f"candidate {candidate}, fold {fold + 1} of {self._config.folds}, epoch {epoch} of {epochs}"
        self._reporter.update(what=words)

    def _seconds_left(self) -> float | None:
        if "max_epochs" in self._config.parameters:  # what is still to be drawn is not known
            return None
        done = sum(fit.epochs for fit in self._fits)
        return sum(fit.seconds for fit in self._fits) / done * max(0, self._planned - done)
