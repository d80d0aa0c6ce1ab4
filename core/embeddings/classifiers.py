"""What learns from features: a scaler and a logistic regression, and others to compare them with.

All of it is scikit-learn's own, on the training pictures only. No torch.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from core.data.parallel import StopCheck, never
from core.embeddings.algebra import calm
from core.errors import Cancelled, ConfigError

GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # values of C
MOST_FOLDS = 5
NEIGHBORS = 5
CHUNK = 1 << 23  # numbers that are scaled, or classified, at once
MOST_COMPARED = 10_000_000  # numbers that the classifiers for comparison learn from: 10,000 x 1,000

Tell = Callable[[int, int, str], None]
Make = Callable[[int, int], np.ndarray]


def in_memory(rows: int, columns: int) -> np.ndarray:
    """An empty float32 matrix."""
    return np.empty((rows, columns), np.float32)


@dataclass(frozen=True)
class TriedC:
    """One value of C: means over the folds of the accuracy (0 to 1) and of the log loss."""

    c: float
    accuracy: float
    loss: float


@dataclass(frozen=True)
class FeatureModel:
    """A fitted scaler and regression; `tried` is empty where C was given.

    `notes` are words for the user, such as of a fit that did not converge.
    """

    scaler: StandardScaler
    regression: LogisticRegression
    tried: tuple[TriedC, ...]
    folds: int
    notes: tuple[str, ...]

    @property
    def c(self) -> float:
        return float(self.regression.C)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """float64 (N, K) of features (N, D), which stay as they are."""
        with calm(features.size):
            parts = [
                self.regression.predict_proba(self.scaler.transform(features[rows]))
                for rows in _chunks(np.arange(len(features)), features.shape[1])
            ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.regression.classes_)))


@dataclass(frozen=True)
class Compared:
    """Another classifier on the same features: accuracy (0 to 1) on the validation pictures."""

    name: str
    accuracy: float
    trained_on: int  # pictures


def check_learnable(features: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> None:
    """Refuse training pictures that nothing can be learned from.

    Raises:
        ConfigError: with the way out.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if not count]:
        raise ConfigError(
            f"No training picture shows {', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''}.",
            expected="at least one training picture of each class",
            found=f"{np.count_nonzero(counts)} of {len(classes)} classes among {len(labels):,} pictures",
            fix="Choose another split on the Datasets page, or bring more pictures of each class.",
        )
    low, high = _extremes(features)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ConfigError(
            "The backbone makes features that are not numbers.",
            expected="finite values",
            found=f"infinite or undefined ones in {int((~np.isfinite(low + high)).sum()):,} of "
            f"{features.shape[1]:,} features",
            fix="Choose another backbone or other weights.",
        )
    if (low == high).all():
        raise ConfigError(
            "The backbone makes the same features of every training picture: nothing can be learned.",
            expected="features that differ between pictures",
            found=f"{features.shape[1]:,} constant ones",
            fix="Choose another backbone, trained weights, or other pictures.",
        )


def fit_scaler(features: np.ndarray, rows: np.ndarray | None = None) -> StandardScaler:
    """scikit-learn's, of `rows`, in chunks that bound the memory: of one chunk, as mostly, a plain `fit`."""
    scaler = StandardScaler()
    for chosen in _chunks(np.arange(len(features)) if rows is None else rows, features.shape[1]):
        scaler.partial_fit(features[chosen])
    return scaler


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    *,
    c: float | None = None,
    max_iter: int = 1000,
    class_weights: bool = False,
    seed: int = 0,
    make: Make = in_memory,
    tell: Tell = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> FeatureModel:
    """Scale features (N, D) float32 of training pictures and fit a logistic regression to their labels (N,).

    `make` makes the matrices that are as large as the features; `features` stay as they are.

    Without `c` it is chosen by cross-validation within these pictures, as `GridSearchCV` does on a pipeline
    of both (the least mean log loss): folds are stratified and drawn from `seed`, and each has a scaler of
    its own.

    Raises:
        ConfigError: nothing can be learned, or a class has too few pictures for a cross-validation.
        Cancelled: `should_stop` said so between two fits.
    """
    check_learnable(features, labels, classes)
    tried: tuple[TriedC, ...] = ()
    folds = 0
    if c is None:
        folds = _folds(labels, classes)
        tried = _tried(features, labels, folds, max_iter, class_weights, seed, make, tell, should_stop)
        c = min(tried, key=lambda each: each.loss).c
    tell(0, 0, "fitting the logistic regression")
    scaler = fit_scaler(features)
    scaled = _scaled(scaler, features, np.arange(len(features)), make)
    regression, converged = _fitted(_regression(c, max_iter, class_weights), scaled, labels)
    notes = [] if converged else [_not_converged(max_iter)]
    if len(tried) > 1 and c in (tried[0].c, tried[-1].c):
        notes.append(
            f"The best C, {c:g}, is at the edge of the values tried ({tried[0].c:g} to {tried[-1].c:g}): "
            "one beyond it may be better."
        )
    return FeatureModel(scaler, regression, tried, folds, tuple(notes))


def compare(
    model: FeatureModel,
    train: np.ndarray,
    train_labels: np.ndarray,
    valid: np.ndarray,
    valid_labels: np.ndarray,
    *,
    seed: int = 0,
    tell: Tell = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> list[Compared]:
    """k nearest neighbours and a linear SVM, on the same scaled features; the SVM has the same C.

    Of very many training pictures they get a sample drawn from `seed`.
    """
    most = max(1, MOST_COMPARED // train.shape[1])
    chosen = np.arange(len(train))
    if len(chosen) > most:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(train))[:most])
    x, y = model.scaler.transform(train[chosen]), train_labels[chosen]
    results = []
    for number, (name, classifier) in enumerate(others(len(chosen), model.c, seed).items()):
        if should_stop():
            raise Cancelled
        tell(number, 3, f"fitting for comparison: {name}")
        if len(np.unique(y)) > 1:
            with calm(x.size), config_context(working_memory=128), warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                classifier.fit(x, y)
                predicted = np.concatenate(
                    [
                        classifier.predict(model.scaler.transform(valid[rows]))
                        for rows in _chunks(np.arange(len(valid)), valid.shape[1])
                    ]
                )
            results.append(Compared(name, float((predicted == valid_labels).mean()), len(chosen)))
    return results


def others(pictures: int, c: float, seed: int) -> dict[str, KNeighborsClassifier | LinearSVC]:
    """The classifiers for comparison, not fitted yet, by name."""
    k = min(NEIGHBORS, pictures)
    return {
        f"{k} nearest neighbours, cosine": KNeighborsClassifier(k, metric="cosine"),
        f"{k} nearest neighbours, Euclidean": KNeighborsClassifier(k, metric="euclidean"),
        "linear SVM": LinearSVC(C=c, random_state=seed, max_iter=2000),
    }


def mean_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative logarithm of the probability of the true class."""
    return float(log_loss(labels, probabilities, labels=np.arange(probabilities.shape[1])))


def _folds(labels: np.ndarray, classes: Sequence[str]) -> int:
    counts = np.bincount(labels, minlength=len(classes))
    if counts.min() < 2:
        few = [name for name, count in zip(classes, counts, strict=True) if count < 2]
        raise ConfigError(
            f"Class {few[0]} has a single training picture: no cross-validation can choose C.",
            expected="at least 2 training pictures of each class",
            found=f"{len(few)} class{'es' if len(few) > 1 else ''} with one",
            fix="Set C yourself, or bring more pictures of each class.",
        )
    return int(min(MOST_FOLDS, counts.min()))


def _tried(
    features: np.ndarray,
    labels: np.ndarray,
    folds: int,
    max_iter: int,
    class_weights: bool,
    seed: int,
    make: Make,
    tell: Tell,
    should_stop: StopCheck,
) -> tuple[TriedC, ...]:
    accuracies, losses = np.zeros((2, len(GRID), folds))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    done = 0
    for fold, (learn, look) in enumerate(splitter.split(labels, labels)):
        scaler = fit_scaler(features, learn)
        known, unknown = (_scaled(scaler, features, rows, make) for rows in (learn, look))
        for number, c in enumerate(GRID):
            if should_stop():
                raise Cancelled
            tell(done, folds * len(GRID), "choosing C by cross-validation: fit")
            regression, _ = _fitted(_regression(c, max_iter, class_weights), known, labels[learn])
            probabilities = regression.predict_proba(unknown)
            accuracies[number, fold] = (probabilities.argmax(1) == labels[look]).mean()
            losses[number, fold] = mean_loss(probabilities, labels[look])
            done += 1
    return tuple(map(TriedC, GRID, accuracies.mean(1).tolist(), losses.mean(1).tolist()))


def _regression(c: float, max_iter: int, class_weights: bool) -> LogisticRegression:
    return LogisticRegression(C=c, max_iter=max_iter, class_weight="balanced" if class_weights else None)


def _fitted(
    regression: LogisticRegression, x: np.ndarray, labels: np.ndarray
) -> tuple[LogisticRegression, bool]:
    """The regression, and whether it converged."""
    with calm(x.size), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regression.fit(x, labels)
    return regression, not any(issubclass(each.category, ConvergenceWarning) for each in caught)


def _not_converged(max_iter: int) -> str:
    return (
        f"The regression had not converged after {max_iter:,} iterations: allow more of them, or a smaller C."
    )


def _scaled(scaler: StandardScaler, features: np.ndarray, rows: np.ndarray, make: Make) -> np.ndarray:
    """A scaled copy of `rows`, as `scaler.transform` makes it."""
    scaled = make(len(rows), features.shape[1])
    done = 0
    for chosen in _chunks(rows, features.shape[1]):
        scaled[done : done + len(chosen)] = scaler.transform(features[chosen])
        done += len(chosen)
    return scaled


def _extremes(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest value (D,) of each feature; not a number where one of them is none."""
    return features.min(0), features.max(0)


def _chunks(rows: np.ndarray, width: int) -> list[np.ndarray]:
    """`rows` in parts that have at most `CHUNK` numbers of this width."""
    size = max(1, CHUNK // width)
    return [rows[start : start + size] for start in range(0, len(rows), size)]
