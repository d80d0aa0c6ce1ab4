"""Several runs on the same pictures: scores with intervals, tests against the best, and costs. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison.contender import Contender, aligned_predictions, check_comparable, common_part
from core.comparison.costs import Costs, costs_of
from core.comparison.intervals import DRAWS, Estimate, bootstrap
from core.comparison.scores import Reliability, Score, is_right, reliability
from core.comparison.significance import LEVEL, PairedTest, holm, mcnemar
from core.errors import ConfigError


@dataclass(frozen=True)
class AgainstBest:
    """How a run compares with the best one: `test` has the best one first, `p` is its p after Holm's
    correction, and `behind` what the best one has more of accuracy.
    """

    test: PairedTest
    p: float
    behind: Estimate

    @property
    def differs(self) -> bool:
        """The run is worse by more than chance."""
        return self.p < LEVEL


@dataclass(frozen=True)
class Row:
    """One run, of which `right` pictures were right; `against_best` is None for the best one itself."""

    run_id: str
    name: str
    scores: dict[Score, Estimate]
    right: int
    costs: Costs
    reliability: Reliability
    against_best: AgainstBest | None = None


@dataclass(frozen=True)
class ComparisonTable:
    """Rows by accuracy, the best first; all of the same `pictures` of `part`, "test" or "valid"."""

    dataset_id: str
    split_id: str
    part: str
    pictures: int
    rows: tuple[Row, ...]

    @property
    def best(self) -> Row:
        return self.rows[0]


def compare(contenders: Sequence[Contender], *, draws: int = DRAWS, seed: int = 0) -> ComparisonTable:
    """Score the best weights of each run on the test pictures, or on the validation ones if there are none.

    Of two runs that are right equally often, the one with the smaller log loss is the better.

    Raises:
        ConfigError: there is no run, or they were not asked the same question; which, and how.
        ModelFileError, RunError: a file of a run is damaged.
    """
    if not contenders:
        raise ConfigError("There is no run to compare.", fix="Choose at least one.")
    for other in contenders[1:]:
        check_comparable(contenders[0], other)
    part = common_part(contenders)
    predictions = aligned_predictions(contenders, part)
    labels = predictions[0].targets
    sure = bootstrap([each.probabilities for each in predictions], labels, draws=draws, seed=seed)
    right = np.stack([is_right(each.probabilities, labels) for each in predictions])
    ranks = [
        (-int(hits.sum()), scores[Score.LOG_LOSS]) for hits, scores in zip(right, sure.scores, strict=True)
    ]
    best, *others = sorted(range(len(contenders)), key=ranks.__getitem__)
    tests = [mcnemar(right[best], right[other]) for other in others]
    against_best = {
        other: AgainstBest(test, p, sure.difference(best, other, Score.ACCURACY))
        for other, test, p in zip(others, tests, holm([test.p for test in tests]), strict=True)
    }

    def row(run: int) -> Row:
        contender = contenders[run]
        return Row(
            contender.run.id,
            contender.name,
            {score: sure.estimate(run, score) for score in Score},
            int(right[run].sum()),
            costs_of(contender.run),
            reliability(predictions[run].probabilities, labels),
            against_best.get(run),
        )

    first = contenders[0]
    rows = tuple(row(run) for run in (best, *others))
    return ComparisonTable(first.dataset_id, first.split_id, part, len(labels), rows)
