"""How a route gets on with fewer pictures: nested shares of the training part, the same test. No torch."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.comparison.contender import Contender, aligned_predictions, common_part
from core.comparison.intervals import DRAWS, Estimate, bootstrap
from core.comparison.scores import Score
from core.data.dataset import Dataset
from core.data.splitting import Split, with_training
from core.limits import check_range

SHARES = (0.1, 0.25, 0.5, 1.0)
FEWEST = 2  # pictures of a class, where it has them: cross-validation needs one to learn from, one to test on


@dataclass(frozen=True)
class CurvePoint:
    """What a route scores after learning from `pictures`, a `share` of the training part."""

    route: str
    share: float
    pictures: int
    scores: dict[Score, Estimate]


def training_share(dataset: Dataset, split: Split, share: float, seed: int) -> Split:
    """`split` with that share of each class to learn from, drawn by `seed`; the same for 1.

    A larger share holds all pictures of a smaller one with the same seed.

    Raises:
        ConfigError: the share is not above 0 and at most 1.
    """
    check_range("share of the training pictures", share, 0.001, 1)
    if share == 1:
        return split
    by_class: defaultdict[str, list[int]] = defaultdict(list)
    for index in split.train:
        by_class[dataset.pictures[index].label].append(index)
    generator = random.Random(seed)
    chosen: list[int] = []
    for label in sorted(by_class):
        members = by_class[label]
        generator.shuffle(members)
        chosen += members[: max(FEWEST, round(share * len(members)))]
    return with_training(dataset, split, chosen)


def learning_curve(
    learners: Sequence[tuple[str, float, int, Contender]], *, draws: int = DRAWS, seed: int = 0
) -> list[CurvePoint]:
    """One point for each (route, share, training pictures, its run), all scored on the same pictures.

    Raises:
        ConfigError: the runs were not tested on the same pictures.
        ModelFileError: a file of predictions is damaged.
    """
    if not learners:
        return []
    contenders = [contender for *_, contender in learners]
    predictions = aligned_predictions(contenders, common_part(contenders))
    labels = predictions[0].targets
    sure = bootstrap([each.probabilities for each in predictions], labels, draws=draws, seed=seed)
    return [
        CurvePoint(route, share, pictures, {score: sure.estimate(place, score) for score in Score})
        for place, (route, share, pictures, _) in enumerate(learners)
    ]
