"""All that decides a run by features and logistic regression, as one record that goes to and from JSON."""

import re
from dataclasses import dataclass

from core.errors import ConfigError
from core.limits import check_range

TRAINED = "trained"
WEAKEST, STRONGEST = 1e6, 1e-6  # C is the inverse of the regularization
MOST_ITERATIONS = 100_000
_UNTRAINED = re.compile(r"random-(\d+)")


@dataclass(frozen=True)
class FeaturesRunConfig:
    """A frozen backbone makes features of every picture of a split; a logistic regression learns from them.

    `weights` are "trained", or "random-0": untrained ones drawn from that seed. `regularization` is
    scikit-learn's C, the inverse of its strength, or None: chosen by cross-validation within the training
    pictures, whose folds are drawn from `seed`. `without` holds the keys of pictures that are left out
    because they can't be read.
    """

    name: str
    dataset_id: str
    split_id: str
    classes: tuple[str, ...]
    backbone: str
    weights: str = TRAINED
    regularization: float | None = None
    max_iter: int = 1000
    class_weights: bool = False  # weigh each class by the inverse of its share of the training pictures
    seed: int = 0
    device: str = "auto"
    without: tuple[str, ...] = ()
    kind: str = "features"

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise ConfigError(
                "There is nothing to tell apart.",
                expected="at least 2 classes",
                found=str(len(self.classes)),
                fix="Bring a data set with one sub-folder for each of two or more classes.",
            )
        if self.weights != TRAINED and not _UNTRAINED.fullmatch(self.weights):
            raise ConfigError(
                "There are no such weights of a backbone.",
                expected='"trained", or "random-" and a seed',
                found=repr(self.weights[:40]),
                fix="Choose the trained ones.",
            )
        if self.regularization is not None:
            check_range("C of the regression", self.regularization, STRONGEST, WEAKEST)
        check_range("number of iterations", self.max_iter, 1, MOST_ITERATIONS)
        check_range("seed", self.seed, 0, 2**31 - 1)

    @property
    def weights_seed(self) -> int | None:
        """The seed of untrained weights."""
        untrained = _UNTRAINED.fullmatch(self.weights)
        return int(untrained[1]) if untrained else None
