"""Where the next trial's values come from: a grid, chance, or Ax. No torch, no Ax until it is asked for.

A search keeps nothing that it can't tell again from the trials so far: so a study that was killed goes on as
if it had not been.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.training.run_config import RunConfig
from core.tuning.parameters import Value
from core.tuning.space import Space
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import Trial

TRIES = 1000  # random points before there seems to be no new one


class Search(Protocol):
    """Chooses values, and is told of every event of a trial."""

    def propose(self, trials: Sequence[Trial]) -> dict[str, Value] | None:
        """Values for the next trial after `trials`; None where there are no others."""

    def tell(self, trial: Trial) -> None:
        """`trial` is new, or has ended."""


class GridSearch:
    """The points of the grid, one after another."""

    def __init__(self, space: Space, base: RunConfig) -> None:
        self._points = space.grid(base)

    def propose(self, trials: Sequence[Trial]) -> dict[str, Value] | None:
        return self._points[len(trials)] if len(trials) < len(self._points) else None

    def tell(self, trial: Trial) -> None:
        pass


class RandomSearch:
    """Points by chance, no point twice; the seed and the number of the trial decide."""

    def __init__(self, space: Space, base: RunConfig, seed: int) -> None:
        self._space, self._base, self._seed = space, base, seed

    def propose(self, trials: Sequence[Trial]) -> dict[str, Value] | None:
        generator = np.random.default_rng([self._seed, len(trials)])
        for _ in range(TRIES):
            shares = generator.random(len(self._space.parameters))
            values = at_shares(self._space, self._base, shares.tolist())
            if all(values != trial.values for trial in trials):
                return values
        return None

    def tell(self, trial: Trial) -> None:
        pass


def at_shares(space: Space, base: RunConfig, shares: Sequence[float]) -> dict[str, Value]:
    """The point that lies at `shares` (0 to 1) of the parameters, without what doesn't matter there."""
    pairs = zip(space.parameters, shares, strict=True)
    return space.reduced({parameter.name: parameter.at(share) for parameter, share in pairs}, base)


def search_of(config: StudyConfig) -> Search:
    """The search that `config` asks for."""
    if config.method is Method.GRID:
        return GridSearch(config.space, config.base)
    if config.method is Method.RANDOM:
        return RandomSearch(config.space, config.base, config.seed)
    from core.tuning.ax_search import AxSearch

    return AxSearch(config)
