"""A cross-validated search as settings, in the parameter names of skorch and scikit-learn. No torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from typing import Any

import numpy as np

from core.errors import ConfigError
from core.limits import check_range
from core.models.cnn_config import CnnConfig, ConvBlock
from core.models.cnn_walk import walk
from core.training.batch_norm import check_batch_norm
from core.training.config import CnnRunConfig, Optimizer
from core.tuning.fields import with_kernel

FACTOR = 3  # of the candidates of a rung, one in so many goes on, with so many times the epochs
MOST_COMBINATIONS = 10_000

Value = int | float
Parameters = dict[str, Value]

PARAMETERS = {
    "lr": "learning rate",
    "batch_size": "batch size",
    "max_epochs": "epochs",
    "optimizer__weight_decay": "weight decay",
    "optimizer__momentum": "momentum",
    "module__filters": "filters of the first block",
    "module__kernel": "kernel",
    "module__dropout": "dropout",
}
OF_NETWORK = "module__"


class Search(StrEnum):
    """Every combination; some, drawn at random; or many with few epochs, of which ever fewer go on."""

    GRID = "grid"
    RANDOM = "random"
    HALVING = "halving"


@dataclass(frozen=True)
class CrossValidationConfig:
    """A search over `parameters` around the settings of `base`, each candidate judged on `folds` folds.

    `candidates` are drawn of all combinations; a grid takes them all. The folds are made of the training
    pictures: no validation or test picture has a say.
    """

    name: str
    base: CnnRunConfig
    parameters: dict[str, tuple[int | float, ...]] = field(default_factory=dict)
    search: Search = Search.GRID
    folds: int = 3
    candidates: int = 10
    seed: int = 0
    kind: str = "cross-validate"

    def __post_init__(self) -> None:
        check_range("number of folds", self.folds, 2, 20)
        check_range("number of candidates", self.candidates, 1, 1000)
        check_range("seed", self.seed, 0, 2**31 - 1)
        if not self.parameters or not all(self.parameters.values()):
            raise ConfigError(
                "There is nothing to search.",
                expected="at least one parameter, with at least one value each",
                found=", ".join(f"{name}: {len(values)}" for name, values in self.parameters.items())
                or "none",
                fix="Choose what to vary.",
            )
        for name, values in self.parameters.items():
            self._check(name, values)
        if self.combinations > MOST_COMBINATIONS:
            raise ConfigError(
                "These are too many combinations.",
                expected=f"at most {MOST_COMBINATIONS:,}",
                found=f"{self.combinations:,}",
                fix="Take fewer values.",
            )

    def _check(self, name: str, values: tuple[Value, ...]) -> None:
        allowed = searchable(self.base, self.search)
        if name not in allowed:
            raise ConfigError(
                f"{name} can't be varied in this search.",
                expected="one of " + ", ".join(allowed),
                found=name,
                fix="Leave it out, or choose another search or optimizer.",
            )
        if len(set(values)) < len(values):
            raise ConfigError(
                f"A value of {name} is there twice.",
                expected="different values",
                found=", ".join(f"{value:g}" for value in values),
                fix="Leave one out.",
            )
        for value in values:
            with_parameters(self.base, {name: value})

    @property
    def combinations(self) -> int:
        return math.prod(len(values) for values in self.parameters.values())

    @property
    def rungs(self) -> list[tuple[int, int]]:
        """(candidates, epochs of each) in the order of work; one rung but for halving."""
        epochs = self.base.training.epochs
        if self.search is Search.GRID:
            return [(self.combinations, epochs)]
        drawn = min(self.candidates, self.combinations)
        return halving_rungs(drawn, epochs) if self.search is Search.HALVING else [(drawn, epochs)]

    @property
    def fits(self) -> int:
        """How often a network is trained."""
        return self.folds * sum(candidates for candidates, _ in self.rungs)


def searchable(base: CnnRunConfig, search: Search) -> tuple[str, ...]:
    """The parameters that can be varied around `base`."""
    without = set() if base.training.optimizer is Optimizer.SGD else {"optimizer__momentum"}
    if search is Search.HALVING:
        without.add("max_epochs")
    if not base.cnn.blocks:
        without |= {"module__filters", "module__kernel"}
    if not base.cnn.blocks and not base.cnn.hidden:
        without.add("module__dropout")
    return tuple(name for name in PARAMETERS if name not in without)


def halving_rungs(candidates: int, epochs: int) -> list[tuple[int, int]]:
    """(candidates, epochs) of each rung, as scikit-learn's successive halving with `min_resources="exhaust"`:
    the last rung has as many epochs as it can, and of each a third goes on to three times the epochs."""
    needed = _whole_log(candidates)
    first = max(1, epochs // FACTOR**needed)
    rungs = []
    for rung in range(1 + min(needed, _whole_log(epochs // first))):
        rungs.append((candidates, min(first * FACTOR**rung, epochs)))
        candidates = math.ceil(candidates / FACTOR)
    return rungs


def _whole_log(number: int) -> int:
    """The largest n with FACTOR ** n <= number."""
    power = 0
    while FACTOR ** (power + 1) <= number:
        power += 1
    return power


def with_parameters(base: CnnRunConfig, parameters: Parameters) -> CnnRunConfig:
    """`base` as a run with these values.

    Raises:
        ConfigError: a value is out of its range.
    """
    fields = {
        "lr": "learning_rate",
        "batch_size": "batch_size",
        "max_epochs": "epochs",
        "optimizer__weight_decay": "weight_decay",
        "optimizer__momentum": "momentum",
    }
    training: dict[str, Any] = {fields[name]: value for name, value in parameters.items() if name in fields}
    network: dict[str, Any] = {
        name.removeprefix(OF_NETWORK): value
        for name, value in parameters.items()
        if name.startswith(OF_NETWORK)
    }
    return replace(base, training=replace(base.training, **training), cnn=vary_network(base.cnn, **network))


def vary_network(
    cnn: CnnConfig, filters: int | None = None, kernel: int | None = None, dropout: float | None = None
) -> CnnConfig:
    """`cnn` with other sizes; None leaves them.

    `filters` are those of the first block, and the others keep their ratio to it; `kernel` is that of all
    blocks, and padding that keeps a map's size goes on doing so; `dropout` follows every block and hidden
    layer.
    """
    return replace(
        cnn,
        blocks=tuple(
            _vary_block(block, cnn.blocks[0].filters, filters, kernel, dropout) for block in cnn.blocks
        ),
        hidden=tuple(
            layer if dropout is None else replace(layer, dropout=float(dropout)) for layer in cnn.hidden
        ),
    )


def _vary_block(
    block: ConvBlock, first: int, filters: int | None, kernel: int | None, dropout: float | None
) -> ConvBlock:
    if filters is not None:
        block = replace(block, filters=max(1, round(block.filters * filters / first)))
    if kernel is not None:
        block = with_kernel(block, kernel)
    return block if dropout is None else replace(block, dropout=float(dropout))


def networks(config: CrossValidationConfig) -> list[Parameters]:
    """The combinations of values that decide the network; one empty combination where none does."""
    names = sorted(name for name in config.parameters if name.startswith(OF_NETWORK))
    return [
        dict(zip(names, values, strict=True))
        for values in product(*(config.parameters[name] for name in names))
    ]


def check_networks(config: CrossValidationConfig, pictures: int) -> None:
    """Refuse a search with a network that can't be built, or can't learn from `pictures` training pictures.

    Raises:
        ConfigError: naming the values and the layer.
    """
    for values in networks(config):
        candidate = with_parameters(config.base, values)
        network = walk(candidate.cnn, candidate.preprocessing.shape, candidate.outputs)
        if network.problem is not None:
            raise ConfigError(
                f"The network with {parameter_words(values) or 'these settings'} can't be built: "
                f"{network.problem}",
                fix="Take other values, or another starting point.",
            )
        for size in config.parameters.get("batch_size", (candidate.training.batch_size,)):
            training = with_parameters(candidate, {"batch_size": size}).training
            check_batch_norm(network, training, pictures - math.ceil(pictures / config.folds))


def check_folds(labels: np.ndarray, classes: Sequence[str], folds: int) -> None:
    """Refuse folds of which one would lack a class; `labels` are those of the training pictures.

    Raises:
        ConfigError: naming the class.
    """
    counts = np.bincount(labels, minlength=len(classes))
    rarest = min(np.flatnonzero(counts).tolist(), key=counts.__getitem__)
    if counts[rarest] < folds:
        raise ConfigError(
            f"Class {classes[rarest]} has too few training pictures for {folds} folds.",
            expected=f"at least {folds} training pictures of each class",
            found=str(counts[rarest]),
            fix="Take fewer folds, or bring more pictures of the class.",
        )


def parameter_words(parameters: Parameters) -> str:
    """Such as "learning rate 0.01, kernel 5"."""
    return ", ".join(f"{PARAMETERS[name]} {value:g}" for name, value in parameters.items())
