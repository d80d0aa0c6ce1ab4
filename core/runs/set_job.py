"""The job of predicting a set of pictures, which loads PyTorch."""

import time
from dataclasses import replace

from core.data.parallel import Progress
from core.models.source import parse_key
from core.runs.reporter import Reporter
from core.runs.store import open_run
from core.serving.familiarity import Familiarity, familiarity_of, learn_familiarity
from core.serving.model_sources import open_model, stamp_of
from core.serving.predicting import predict_set
from core.serving.prediction import Predictor
from core.serving.prediction_set import Asked, PredictConfig, load_answers
from core.workspace import Workspace


def answer_set(workspace: Workspace, config: PredictConfig, reporter: Reporter) -> None:
    """Ask the models that have not answered yet, one after the other, as they stand now.

    Raises:
        WorkbenchError: a model or the pictures can't be read.
        Cancelled: the user stopped it.
    """
    folder = reporter.run.folder
    for question in config.asked:
        asked = replace(question, stamp=stamp_of(workspace, question.model))
        if load_answers(folder, asked) is None:
            report, stop = _timed(reporter), reporter.should_stop
            model = open_model(workspace, asked.model)
            familiarity = None
            if asked.distances and isinstance(model, Predictor):
                familiarity = _familiarity(workspace, asked, model, report, reporter)
            predict_set(folder, asked, model, familiarity, on_progress=report, should_stop=stop)


def _familiarity(
    workspace: Workspace, asked: Asked, model: Predictor, report: Progress, reporter: Reporter
) -> Familiarity:
    """What the run's model knows, learned now if nothing is kept of it."""
    run = open_run(workspace.runs, parse_key(asked.model)[1])
    kept = familiarity_of(run, asked.stamp)
    if kept is not None:
        return kept
    return learn_familiarity(
        workspace, run, model, asked.stamp, on_progress=report, should_stop=reporter.should_stop
    )


def _timed(reporter: Reporter) -> Progress:
    """A progress that also tells the time that is left of each kind of work."""
    begun: dict[str, float] = {}  # when it was first heard of

    def report(done: int, total: int, what: str) -> None:
        seconds = time.monotonic() - begun.setdefault(what, time.monotonic())
        left = seconds / done * (total - done) if done else None
        reporter.update(done=done, total=total, what=what, seconds_left=left)

    return report
