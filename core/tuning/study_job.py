"""A study as the work of a process: steps until it ends, and tells how far it is."""

import time
from dataclasses import dataclass

from core.errors import Cancelled
from core.records import from_json
from core.runs.launcher import get_ready
from core.runs.reporter import Reporter
from core.runs.store import Run, RunState
from core.tuning.analyses import load_analyses, save_analyses
from core.tuning.search import search_of
from core.tuning.study import POLL, Study
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trial_runs import TrialRuns
from core.workspace import Workspace

ENOUGH = 6  # trials with a score, for a model of the objective
ANALYSING_SHARE = 0.05  # of a study's time that its analyses may take
WORTH_GETTING_READY = 3  # trials, from which their workers are forks of a process that has PyTorch loaded


def run_study(workspace: Workspace, reporter: Reporter) -> None:
    """Search as the study's config says, from where it was left.

    Raises:
        Cancelled: the user asked for a pause or an end, and all trials rest.
    """
    config = from_json(StudyConfig, reporter.run.config())
    if config.place is None and (config.trials is None or config.trials >= WORTH_GETTING_READY):
        get_ready()
    reporter.listens = True  # one step of Ax can take longer than a worker that doesn't hear is waited for
    reporter.update(state=RunState.RUNNING, what="loading Ax" if config.method is Method.AX else "")
    study = Study(config, reporter.run.folder, search_of(config), TrialRuns(workspace, reporter.run, config))
    analyst = _Analyst(reporter.run, config)
    study.take_up()
    while study.step():
        reporter.update(what=_now(study), done=study.trials.counted - len(study.trials.open))
        if reporter.should_pause():
            study.interrupt()
            raise Cancelled
        if reporter.should_stop():
            study.halt()
            raise Cancelled
        analyst.look(study)
        time.sleep(POLL)
    reporter.update(what="analysing")
    analyst.look(study, last=True)


def _now(study: Study) -> str:
    numbers = [str(trial.number) for trial in study.trials.open]
    return f"trial{'s' * (len(numbers) > 1)} {', '.join(numbers)}"


@dataclass
class _Analyst:
    """Asks Ax what matters, as often as that costs little; the trials go on meanwhile."""

    run: Run
    config: StudyConfig
    ended: float = float("-inf")
    took: float = 0.0
    seen: int = 0  # trials with a score, at the last look

    def look(self, study: Study, *, last: bool = False) -> None:
        scored = len(study.trials.scored)
        known = load_analyses(self.run.folder)
        if scored < ENOUGH or scored == self.seen or (known is not None and known.trials == scored):
            return
        begun = time.monotonic()
        if not last and (
            self.config.method is not Method.AX or begun - self.ended < self.took / ANALYSING_SHARE
        ):
            return
        self.seen = scored
        from core.tuning.ax_analyses import analyse

        try:
            save_analyses(self.run.folder, analyse(self.config, study.trials.all))
        except Exception as failure:  # of many kinds; a study's trials are worth more than its analyses
            print(f"Ax could not analyse the trials: {type(failure).__name__}: {failure}", flush=True)
        self.ended = time.monotonic()
        self.took = self.ended - begun
