"""GridSearchCV, RandomizedSearchCV or HalvingRandomSearchCV over the settings of a run, fit by fit.

Each finished fit is told at once; those that are told back are not done again, so that a search goes on
where it was cut off, with the result of one that never was.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback

from core.data.parallel import StopCheck
from core.data.pixel_cache import cache_path
from core.errors import Cancelled, ConfigError, WorkbenchError
from core.faults import is_out_of_memory
from core.training.run_data import RunData
from core.tuning.skorch_config import FACTOR, CrossValidationConfig, Parameters, Search, check_folds
from core.tuning.skorch_estimator import estimator
from core.tuning.skorch_results import FitRecord
from core.workspace import Workspace

Fold = tuple[np.ndarray, np.ndarray]


def stratified_folds(labels: np.ndarray, keys: Sequence[str], folds: int, seed: int) -> list[Fold]:
    """(positions to fit, positions to judge) of each fold; pictures with the same key are never apart."""
    if len(set(keys)) < len(keys):
        grouped = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        return list(grouped.split(labels, labels, groups=np.asarray(keys)))
    return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels))


@dataclass
class FitLog:
    """What stands between the fits and the world; scikit-learn's clones of an estimator share it."""

    names: tuple[str, ...]
    fold_of: dict[bytes, int]  # by the rows that are fitted
    known: dict[tuple[object, ...], FitRecord]
    tell: Callable[[FitRecord], None]
    at_work: Callable[[int, int, int], None]  # epochs of the fit, fold, epoch
    interrupted: StopCheck = field(default=lambda: False)

    def __deepcopy__(self, memo: dict[int, Any]) -> "FitLog":
        return self


def fit_key(parameters: Parameters, epochs: int, fold: int) -> tuple[object, ...]:
    """What tells one fit of a search from another."""
    return (*sorted(parameters.items()), epochs, fold)


class _Logged:
    """A classifier whose fits are told to its `log`, and not done where that knows them already."""

    history: Any
    max_epochs: int

    def __init__(self, module: Any, *args: Any, log: FitLog, **kwargs: Any) -> None:
        super().__init__(module, *args, **kwargs)  # type: ignore[call-arg]
        self.log = log

    def fit(self, X: np.ndarray, y: np.ndarray, **kwargs: Any) -> "_Logged":  # noqa: N803
        self.parameters_ = {name: getattr(self, name) for name in self.log.names}
        self.fold_ = self.log.fold_of[X.tobytes()]
        self.problem_, self.begun_ = "", time.monotonic()
        if self._known() is None:
            try:
                super().fit(X, y, **kwargs)  # type: ignore[misc]
            except (WorkbenchError, RuntimeError, MemoryError) as failure:
                if not isinstance(failure, WorkbenchError) and not is_out_of_memory(failure):
                    raise
                self.problem_ = str(failure)
        return self

    def score(self, X: np.ndarray, y: np.ndarray) -> float:  # noqa: N803
        """The share of the pictures that are classified right; not a number where there is no network."""
        record = self._known()
        if record is None:
            record = self._record(X, y)
            self.log.tell(record)
        return math.nan if record.accuracy is None else record.accuracy

    def _record(self, rows: np.ndarray, labels: np.ndarray) -> FitRecord:
        problem = self.problem_
        if not problem and not math.isfinite(self.history[-1, "train_loss"]):
            problem = "The loss was not a finite number: the learning rate may be too high."
        accuracy = None if problem else float(super().score(rows, labels))  # type: ignore[misc]
        seconds = time.monotonic() - self.begun_
        return FitRecord(self.parameters_, self.max_epochs, self.fold_, accuracy, seconds, problem)

    def _known(self) -> FitRecord | None:
        return self.log.known.get(fit_key(self.parameters_, self.max_epochs, self.fold_))


class LoggedClassifier(_Logged, NeuralNetClassifier):
    """Of several classes."""


class LoggedBinaryClassifier(_Logged, NeuralNetBinaryClassifier):
    """Of two, by a single logit."""


class Watch(Callback):
    """Tells of every epoch, and ends a fit between two batches where the user asked for it."""

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        net.log.at_work(net.max_epochs, net.fold_, len(net.history))

    def on_batch_begin(self, net: Any, **kwargs: Any) -> None:
        if net.log.interrupted():
            raise Cancelled


def make_search(config: CrossValidationConfig, net: Any, folds: Sequence[Fold]) -> Any:
    """The search of `config` by scikit-learn; what can't be fitted raises, and nothing is fitted again."""
    grid = {name: list(values) for name, values in config.parameters.items()}
    common: dict[str, Any] = {
        "cv": list(folds),
        "refit": False,
        "error_score": "raise",
        "return_train_score": False,
    }
    drawn = min(config.candidates, config.combinations)
    match config.search:
        case Search.GRID:
            return GridSearchCV(net, grid, **common)
        case Search.RANDOM:
            return RandomizedSearchCV(net, grid, n_iter=drawn, random_state=config.seed, **common)
        case Search.HALVING:
            return HalvingRandomSearchCV(
                net,
                grid,
                n_candidates=drawn,
                factor=FACTOR,
                resource="max_epochs",
                max_resources=config.base.training.epochs,
                min_resources="exhaust",
                random_state=config.seed,
                **common,
            )


def run_search(
    workspace: Workspace,
    config: CrossValidationConfig,
    data: RunData,
    *,
    device: str,
    known: Sequence[FitRecord],
    tell: Callable[[FitRecord], None],
    at_work: Callable[[int, int, int], None],
    interrupted: StopCheck,
) -> Parameters:
    """Search on the training pictures of `data`, and return the best parameters.

    `tell` gets each fit as it is done, `at_work(epochs, fold, epoch)` each epoch before it begins.

    Raises:
        ConfigError: the pictures don't suffice for the folds, or no candidate could be trained.
        Cancelled: `interrupted` said so between two batches.
    """
    rows, labels = data.train.rows, data.train.labels
    keys = [data.dataset.pictures[row].key for row in rows]
    check_folds(labels, config.base.classes, config.folds)
    folds = stratified_folds(labels, keys, config.folds, config.seed)
    problems: list[str] = [record.problem for record in known if record.problem]

    def tell_and_remember(record: FitRecord) -> None:
        if record.problem:
            problems.append(record.problem)
        tell(record)

    log = FitLog(
        tuple(config.parameters),
        {rows[fitted].tobytes(): number for number, (fitted, _) in enumerate(folds)},
        {fit_key(record.parameters, record.epochs, record.fold): record for record in known},
        tell_and_remember,
        at_work,
        interrupted,
    )
    pictures = config.base.preprocessing
    channels, height, width = pictures.shape
    net = estimator(
        config.base,
        cache_path(workspace, data.dataset, pictures),
        (len(data.dataset.pictures), height, width, channels),
        device=device,
        callbacks=[Watch()],
        multiclass=LoggedClassifier,
        binary=LoggedBinaryClassifier,
        log=log,
    )
    search = make_search(config, net, folds).fit(rows, labels)
    if not math.isfinite(search.best_score_):
        raise ConfigError(
            "No candidate could be trained on every fold.",
            found=problems[0] if problems else "",
            fix="Search among other values.",
        )
    return {name: search.best_params_[name] for name in config.parameters}
