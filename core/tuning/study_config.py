"""All that decides a study: what is searched, for what, how, and for how long. No torch."""

from dataclasses import dataclass
from enum import StrEnum

from core.comparison.scores import Score
from core.errors import ConfigError
from core.limits import check_range
from core.runs.place import Place
from core.training.run_config import RunConfig
from core.tuning.space import Space

KIND = "study"
MOST_TRIALS, MOST_MINUTES, MOST_AT_ONCE = 10_000, 100_000, 256
OBJECTIVES = (Score.ACCURACY, Score.MACRO_F1, Score.LOG_LOSS)


class Method(StrEnum):
    """How the next values are chosen."""

    AX = "ax"  # Bayesian optimization: from what all trials so far say
    RANDOM = "random"
    GRID = "grid"


@dataclass(frozen=True)
class StudyConfig:
    """A search over `space` around `base`, for the best `objective` on the validation pictures.

    It ends after `trials` or `minutes`, whichever comes first; None is no limit. With `fast`, the seconds a
    picture at prediction are a second objective. A trial is stopped early where it is worse than
    `worse_than` per cent of the trials, or not among the best of every `halving` at a rung of successive
    halving; None never stops one. `at_once` trials share the device, or are on the cluster at `place`.
    """

    name: str
    base: RunConfig
    space: Space
    objective: Score = Score.ACCURACY
    fast: bool = False
    method: Method = Method.AX
    trials: int | None = 20
    minutes: float | None = None
    at_once: int = 1
    worse_than: int | None = 75
    halving: int | None = None
    place: Place | None = None
    seed: int = 0
    kind: str = KIND

    def __post_init__(self) -> None:
        if self.trials is not None:
            check_range("number of trials", self.trials, 1, MOST_TRIALS)
        if self.minutes is not None:
            check_range("number of minutes", self.minutes, 0.01, MOST_MINUTES)
        check_range("number of trials at once", self.at_once, 1, MOST_AT_ONCE)
        check_range("seed", self.seed, 0, 2**31 - 1)
        if self.worse_than is not None:
            check_range("per cent of trials to be worse than", self.worse_than, 1, 99)
        if self.halving is not None:
            check_range("number of trials of which one goes on", self.halving, 2, 10)
        if self.worse_than is not None and self.halving is not None:
            raise ConfigError(
                "Two rules can't both stop the trials of a study.",
                expected="a percentile, or successive halving",
                found="both",
                fix="Choose one.",
            )
        if self.place is not None and self.place.processes > 1:
            raise ConfigError(
                "The trials of a study are trained by one process each.",
                expected="1 process",
                found=str(self.place.processes),
                fix="Let several trials run at once instead.",
            )
        if self.objective not in OBJECTIVES:
            raise ConfigError(
                f"A study can't aim at the {self.objective}.",
                expected="one of " + ", ".join(OBJECTIVES),
                found=self.objective,
                fix="Choose another objective.",
            )
        if self.trials is None and self.minutes is None and self.method is not Method.GRID:
            raise ConfigError(
                "This study would never end.",
                expected="a number of trials, or of minutes, or both",
                fix="Set a budget.",
            )
        self.space.check(self.base)
        if self.method is Method.GRID:
            self.space.grid(self.base)

    @property
    def stops_early(self) -> bool:
        return self.worse_than is not None or self.halving is not None

    @property
    def watched(self) -> str:
        """What early stopping looks at after each epoch, as an epoch's record names it."""
        return "valid_loss" if self.objective is Score.LOG_LOSS else "valid_accuracy"
