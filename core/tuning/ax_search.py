"""Bayesian optimization by Ax: points spread over the space, then those that its model expects most of."""

from collections.abc import Sequence

from torch.quasirandom import SobolEngine

from core.tuning.ax_client import AxClient
from core.tuning.parameters import Value
from core.tuning.search import RandomSearch, at_shares
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial

FIRST = 5  # trials with a score before Ax has enough to model


class AxSearch:
    """The middle of the space, then points of a Sobol sequence that the seed scrambles, then Ax's.

    Where Ax has no answer (a space without other points, a model that can't be fitted), chance gives one.
    """

    def __init__(self, config: StudyConfig) -> None:
        self._config = config
        self.ax = AxClient(config)
        self._random = RandomSearch(config.space, config.base, config.seed)

    def propose(self, trials: Sequence[Trial]) -> dict[str, Value] | None:
        scored = sum(trial.score is not None for trial in trials)
        values = self._spread(len(trials)) if scored < FIRST else self._ask(trials)
        if values is None or any(trial.values == values for trial in trials):
            return self._random.propose(trials)
        return values

    def tell(self, trial: Trial) -> None:
        self.ax.tell(trial)

    def _spread(self, place: int) -> dict[str, Value]:
        config = self._config
        dimensions = len(config.space.parameters)
        if place == 0:
            shares = [0.5] * dimensions
        else:
            shares = SobolEngine(dimensions, scramble=True, seed=config.seed).draw(place)[-1].tolist()
        return at_shares(config.space, config.base, shares)

    def _ask(self, trials: Sequence[Trial]) -> dict[str, Value] | None:
        number = len(trials) + 1
        try:
            values = self._config.space.reduced(self.ax.ask(number), self._config.base)
        except Exception as failure:  # of many kinds, none of which shall end a study
            print(f"Ax has no answer for trial {number}: {type(failure).__name__}: {failure}", flush=True)
            return None
        if any(trial.values == values for trial in trials):
            self.ax.refuse(number)
            return None
        return values
