"""What another training of the same route would have scored: the same split, other seeds. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.comparison.contender import Contender, aligned_predictions, common_part
from core.comparison.intervals import Estimate
from core.comparison.scores import Score, scores_of


@dataclass(frozen=True)
class SeedSpread:
    """The scores of one route; each has as many values as there are trainings."""

    route: str
    scores: dict[Score, tuple[float, ...]]

    @property
    def trainings(self) -> int:
        return len(self.scores[Score.ACCURACY])

    def range_of(self, score: Score) -> Estimate:
        """The mean over the seeds, the lowest and the highest: no interval, they are too few for one."""
        values = self.scores[score]
        return Estimate(sum(values) / len(values), min(values), max(values))


def seed_spread(learners: Sequence[tuple[str, Contender]]) -> list[SeedSpread]:
    """One spread a route, in the order of their first appearance, of (route, one of its trainings).

    Raises:
        ConfigError: they were not tested on the same pictures.
        ModelFileError: a file of predictions is damaged.
    """
    if not learners:
        return []
    contenders = [contender for _, contender in learners]
    predictions = aligned_predictions(contenders, common_part(contenders))
    found: dict[str, list[dict[Score, float]]] = {}
    for (route, _), said in zip(learners, predictions, strict=True):
        found.setdefault(route, []).append(scores_of(said.probabilities, said.targets))
    return [
        SeedSpread(route, {score: tuple(each[score] for each in scores) for score in Score})
        for route, scores in found.items()
    ]
