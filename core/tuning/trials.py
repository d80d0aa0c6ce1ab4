"""The trials of a study, and their one file: the whole truth of a study, written after each event."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from core.errors import ConfigError, RunError
from core.records import from_json, to_json
from core.tuning.parameters import Value
from core.workspace import read_json, write_json

TRIALS_FILE = "trials.json"


class TrialState(StrEnum):
    PROPOSED = "proposed"  # its values are chosen, its run isn't made yet
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # with the study, and goes on with it
    FINISHED = "finished"
    STOPPED_EARLY = "stopped early"
    IMPOSSIBLE = "impossible"  # its values make no network, or none that fits
    ABANDONED = "abandoned"  # not to be tried again: no memory, no finite loss, or stopped by hand
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """It has not ended."""
        return self in (TrialState.PROPOSED, TrialState.RUNNING, TrialState.INTERRUPTED)

    @property
    def has_score(self) -> bool:
        return self in (TrialState.FINISHED, TrialState.STOPPED_EARLY)


@dataclass(frozen=True)
class Trial:
    """One point of the search; `number` counts from 1.

    `values` holds what matters of the space. `curve` is what early stopping watches, one value an epoch;
    `score` that of the objective, from the weights of the best epoch. `reason` says in words why it ended as
    it did. `ended` is how many seconds into the study that was, `seconds` the time from its start to its end,
    `proposing` what choosing its values took.
    """

    number: int
    values: dict[str, Value]
    state: TrialState = TrialState.PROPOSED
    run_id: str | None = None
    reason: str = ""
    curve: tuple[float, ...] = ()
    score: float | None = None
    picture_seconds: float | None = None
    started: float | None = None
    ended: float | None = None
    proposing: float = 0.0
    deaths: int = 0  # how often its process died without a word

    @property
    def seconds(self) -> float | None:
        return None if self.started is None or self.ended is None else self.ended - self.started


@dataclass(frozen=True)
class Trials:
    """All trials of a study in their order, and the seconds that it has been at work."""

    all: tuple[Trial, ...] = ()
    seconds: float = 0.0
    end: str = ""  # why there will be no more, in words; empty while there may be

    def with_trial(self, trial: Trial) -> "Trials":
        """With `trial` in the place of its number, or after all others."""
        others = self.all[: trial.number - 1], self.all[trial.number :]
        return replace(self, all=(*others[0], trial, *others[1]))

    @property
    def open(self) -> list[Trial]:
        return [trial for trial in self.all if trial.state.is_open]

    @property
    def scored(self) -> list[Trial]:
        return [trial for trial in self.all if trial.state.has_score and trial.score is not None]

    @property
    def counted(self) -> int:
        """Trials that the budget counts: points that are impossible cost nothing."""
        return sum(trial.state is not TrialState.IMPOSSIBLE for trial in self.all)


def load_trials(folder: Path) -> Trials:
    """The trials of the study in `folder`; none before its first one.

    Raises:
        RunError: the file is damaged.
    """
    try:
        return from_json(Trials, read_json(folder / TRIALS_FILE))
    except FileNotFoundError:
        return Trials()
    except (OSError, ValueError, ConfigError) as damage:
        raise RunError(
            f"The trials of this study can't be read: {damage}",
            fix="Its runs are whole: find them on the Runs page. Start a new study.",
        ) from damage


def save_trials(folder: Path, trials: Trials) -> None:
    """Write them whole or not at all."""
    write_json(folder / TRIALS_FILE, to_json(trials))


def best_trial(trials: Sequence[Trial], higher_is_better: bool) -> Trial | None:
    """The one with the best score, the first of several; of those that were stopped early, too."""
    scored = [(trial.score, trial) for trial in trials if trial.score is not None]
    sign = 1 if higher_is_better else -1
    return max(scored, key=lambda pair: sign * pair[0], default=(0.0, None))[1]


def pareto_front(trials: Sequence[Trial], higher_is_better: bool) -> list[Trial]:
    """Those that no other beats in the score without being slower, by their seconds a picture."""
    sign = 1 if higher_is_better else -1
    points = [
        (trial.picture_seconds, sign * trial.score, trial)
        for trial in trials
        if trial.score is not None and trial.picture_seconds is not None
    ]
    front: list[Trial] = []
    best = float("-inf")
    for _, score, trial in sorted(points, key=lambda point: (point[0], -point[1], point[2].number)):
        if score > best:
            best = score
            front.append(trial)
    return front
