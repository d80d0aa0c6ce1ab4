"""All that decides a run by features and logistic regression, as one record that goes to and from JSON."""

from dataclasses import dataclass

from core.limits import check_range
from core.models.backbone_choice import TRAINED, check_weights, seed_of
from core.training.config import check_classes

WEAKEST, STRONGEST = 1e6, 1e-6  # C is the inverse of the regularization
MOST_ITERATIONS = 100_000


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
        check_classes(self.classes, single_logit=False)
        check_weights(self.weights)
        if self.regularization is not None:
            check_range("C of the regression", self.regularization, STRONGEST, WEAKEST)
        check_range("number of iterations", self.max_iter, 1, MOST_ITERATIONS)
        check_range("seed", self.seed, 0, 2**31 - 1)

    @property
    def weights_seed(self) -> int | None:
        """The seed of untrained weights."""
        return seed_of(self.weights)
