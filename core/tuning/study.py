"""A study under way: asks for values, starts trials, watches and stops them; every event is kept at once.

`trials.json` is written before anything is done that it tells of, so that a study that was killed at any
moment finds each trial again, and runs none twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from core.errors import RunError, WorkbenchError
from core.training.run_config import RunConfig
from core.tuning.early_stopping import reason_to_stop
from core.tuning.search import Search
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import Trial, Trials, TrialState, load_trials, save_trials

POLL = 0.3  # seconds
MOST_DEATHS = 2  # of a trial's process, from which it goes on
MOST_IMPOSSIBLE = 50  # points in a row
MOST_FAILED = 3  # trials in a row


@dataclass(frozen=True)
class Sight:
    """What a look at a trial's run shows. `died`: its process is gone without a word."""

    state: TrialState = TrialState.RUNNING
    curve: tuple[float, ...] = ()
    score: float | None = None
    picture_seconds: float | None = None
    reason: str = ""
    died: bool = False


class Runner(Protocol):
    """Makes and moves the runs of trials."""

    def make(self, trial: Trial, config: RunConfig) -> str:
        """The id of the trial's run, which is made unless there is one already."""

    def start(self, trial: Trial) -> None:
        """Start its process, or start it again, unless one is at work or the run has ended."""

    def look(self, trial: Trial) -> Sight: ...

    def stop(self, trial: Trial) -> None:
        """Ask it to end with the best epoch so far."""

    def pause(self, trial: Trial) -> None:
        """Ask it to end so that it can go on later."""


class Study:
    """One sitting, from what `folder` holds to the end of the budget."""

    def __init__(
        self,
        config: StudyConfig,
        folder: Path,
        search: Search,
        runner: Runner,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config, self.trials = config, replace(load_trials(folder), end="")
        self._folder, self._search, self._runner, self._clock = folder, search, runner, clock
        self._begun = clock() - self.trials.seconds
        self._ended_before = {trial.number for trial in self.trials.all if not trial.state.is_open}
        for trial in self.trials.all:
            search.tell(trial)

    @property
    def seconds(self) -> float:
        """That the study has been at work in all."""
        return self._clock() - self._begun

    def take_up(self) -> None:
        """Go on with the trials that have not ended."""
        for trial in self.trials.open:
            self._start(trial)

    def step(self) -> bool:
        """Look at the trials under way, and start others where there is room; False once all is done."""
        for trial in self.trials.open:
            self._look(trial)
        while not self.trials.end and len(self.trials.open) < self.config.at_once:
            if end := self._end():
                self._keep(replace(self.trials, end=end))
            else:
                self._begin()
        return bool(self.trials.open)

    def interrupt(self) -> None:
        """Pause the trials under way, so that they go on with the study."""
        self._settle(self._runner.pause, TrialState.INTERRUPTED)

    def halt(self) -> None:
        """End the trials under way for good."""
        self._settle(self._runner.stop, TrialState.ABANDONED, "stopped with the study")
        self._keep(replace(self.trials, end="stopped by you"))

    def _settle(self, ask: Callable[[Trial], None], state: TrialState, reason: str = "") -> None:
        for trial in self.trials.open:
            if trial.run_id is not None:
                ask(trial)
        while waiting := [trial for trial in self.trials.open if trial.state is not state]:
            for trial in waiting:
                sight = self._runner.look(trial)
                if sight.state in (TrialState.INTERRUPTED, TrialState.ABANDONED) or sight.died:
                    self._close(trial, replace(sight, state=state, reason=reason))
                elif not sight.state.is_open:
                    self._close(trial, sight)
            time.sleep(POLL / 3)

    def _end(self) -> str:
        """Why no further trial is to begin; empty while one may."""
        config, trials = self.config, self.trials
        if config.trials is not None and trials.counted >= config.trials:
            return f"all {config.trials} trials are done" if config.trials > 1 else "its one trial is done"
        if config.minutes is not None and self.seconds >= 60 * config.minutes:
            return f"the {config.minutes:g} minutes are over"
        # Of this sitting: whoever has mended what made them fail can go on.
        last = [t for t in trials.all if not t.state.is_open and t.number not in self._ended_before]
        is_grid = config.method is Method.GRID  # which has an end
        if not is_grid and all_are(last[-MOST_IMPOSSIBLE:], TrialState.IMPOSSIBLE, MOST_IMPOSSIBLE):
            return f"{MOST_IMPOSSIBLE} points in a row were impossible: {last[-1].reason}"
        if all_are(last[-MOST_FAILED:], TrialState.FAILED, MOST_FAILED):
            return f"{MOST_FAILED} trials in a row failed: {last[-1].reason}"
        return ""

    def _begin(self) -> None:
        """Choose values for one more trial, and start it where they are possible."""
        begun = self._clock()
        values = self._search.propose(self.trials.all)
        if values is None:
            self._keep(replace(self.trials, end="every point of the space has been tried"))
            return
        trial = Trial(len(self.trials.all) + 1, values, started=self.seconds, proposing=self._clock() - begun)
        try:
            self.config.space.apply(self.config.base, values)
        except WorkbenchError as impossible:
            trial = replace(trial, state=TrialState.IMPOSSIBLE, reason=str(impossible), started=None)
        self._put(trial)
        self._search.tell(trial)
        if trial.state.is_open:
            self._start(trial)

    def _start(self, trial: Trial) -> None:
        config = self.config
        trained = config.space.apply(config.base, trial.values)
        trained = replace(trained, name=f"{config.name}, trial {trial.number}")
        try:
            trial = replace(trial, state=TrialState.RUNNING, run_id=self._runner.make(trial, trained))
            self._put(trial)
            self._runner.start(trial)
        except RunError as failure:
            self._close(trial, Sight(TrialState.FAILED, reason=str(failure)))

    def _look(self, trial: Trial) -> None:
        sight = self._runner.look(trial)
        if sight.died:
            trial = replace(trial, deaths=trial.deaths + 1)
            if trial.deaths > MOST_DEATHS:
                self._close(trial, sight)
            else:
                self._start(trial)
        elif not sight.state.is_open:
            self._close(trial, sight)
        else:
            if (sight.curve, sight.state) != (trial.curve, trial.state):
                reason = trial.reason or self._reason(trial, sight)
                trial = replace(trial, curve=sight.curve, state=sight.state, reason=reason)
                self._put(trial)
            if trial.reason:
                self._runner.stop(trial)

    def _reason(self, trial: Trial, sight: Sight) -> str:
        seen = replace(trial, curve=sight.curve)
        others = self.trials.with_trial(seen).all
        return reason_to_stop(self.config, seen, others, judged=len(trial.curve))

    def _close(self, trial: Trial, sight: Sight) -> None:
        """The trial has ended, or rests; one that finished before it heard of its early end is finished."""
        early = sight.state is TrialState.STOPPED_EARLY or sight.state.is_open
        reason = trial.reason if early else sight.reason
        trial = replace(
            trial,
            state=sight.state,
            curve=sight.curve or trial.curve,
            score=sight.score,
            picture_seconds=sight.picture_seconds,
            reason=reason,
            ended=None if sight.state.is_open else self.seconds,
        )
        self._put(trial)
        self._search.tell(trial)

    def _put(self, trial: Trial) -> None:
        changed = self.trials.with_trial(trial)
        if changed != self.trials:
            self._keep(changed)

    def _keep(self, trials: Trials) -> None:
        self.trials = replace(trials, seconds=self.seconds)
        save_trials(self._folder, self.trials)


def all_are(trials: list[Trial], state: TrialState, many: int) -> bool:
    return len(trials) == many and all(trial.state is state for trial in trials)
