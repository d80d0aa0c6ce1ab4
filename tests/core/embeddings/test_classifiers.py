"""Held against plain scikit-learn on the same features: to the bit, as it is the same arithmetic."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from core.embeddings import classifiers
from core.embeddings.algebra import calm
from core.embeddings.classifiers import GRID, compare, fit, fit_scaler, mean_loss
from core.embeddings.matrices import matrices
from core.errors import Cancelled, ConfigError

CLASSES = ("a", "b", "c")


def some(pictures: int = 90, features: int = 20, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, D) around a centre for each class, and labels (N,)."""
    generator = np.random.default_rng(0)
    labels = np.arange(pictures) % classes
    centres = generator.normal(size=(classes, features))
    values = 3 + 0.5 * centres[labels] + generator.normal(size=(pictures, features))
    return values.astype(np.float32), labels


def plain(x: np.ndarray, y: np.ndarray, **settings) -> tuple[StandardScaler, LogisticRegression]:
    with calm(x.size):
        scaler = StandardScaler().fit(x)
        return scaler, LogisticRegression(**settings).fit(scaler.transform(x), y)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("class_weights", [False, True])
def test_it_is_plain_scikit_learn(classes: int, class_weights: bool) -> None:
    x, y = some(classes=classes)
    x, y = x[5:], y[5:]
    before = x.copy()
    model = fit(x, y, CLASSES[:classes], c=0.1, max_iter=500, class_weights=class_weights)
    weight = "balanced" if class_weights else None
    scaler, regression = plain(x, y, C=0.1, max_iter=500, class_weight=weight)
    np.testing.assert_array_equal(model.regression.coef_, regression.coef_)
    np.testing.assert_array_equal(model.regression.intercept_, regression.intercept_)
    np.testing.assert_array_equal(model.scaler.mean_, scaler.mean_)
    np.testing.assert_array_equal(model.scaler.scale_, scaler.scale_)
    other, _ = some(40, classes=classes)
    with calm(other.size):
        expected = regression.predict_proba(scaler.transform(other))
    np.testing.assert_array_equal(model.probabilities(other), expected)
    np.testing.assert_array_equal(x, before)
    assert (model.c, model.tried, model.notes) == (0.1, (), ())


@pytest.mark.parametrize("seed", [0, 1])
def test_cross_validation_is_grid_search_on_a_pipeline(seed: int) -> None:
    x, y = some()
    model = fit(x, y, CLASSES, seed=seed)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        {"logisticregression__C": GRID},
        scoring=("neg_log_loss", "accuracy"),
        refit="neg_log_loss",
        cv=StratifiedKFold(5, shuffle=True, random_state=seed),
    )
    with calm(x.size):
        search.fit(x, y)
    assert model.c == search.best_params_["logisticregression__C"]
    assert model.folds == 5
    assert [each.loss for each in model.tried] == pytest.approx(-search.cv_results_["mean_test_neg_log_loss"])
    assert [each.accuracy for each in model.tried] == pytest.approx(
        search.cv_results_["mean_test_accuracy"].tolist()
    )
    np.testing.assert_array_equal(model.regression.coef_, search.best_estimator_["logisticregression"].coef_)


def test_a_matrix_in_pieces_and_in_files_comes_out_the_same(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = some(90)
    whole = fit(x, y, CLASSES, c=1.0)
    monkeypatch.setattr(classifiers, "CHUNK", 7 * x.shape[1])
    monkeypatch.setattr("core.embeddings.matrices.LARGE", 0)
    folder = tmp_path / "scratch"
    with matrices(folder) as make:
        assert isinstance(make(2, 3), np.memmap)
        pieces = fit(x, y, CLASSES, c=1.0, make=make)
    assert not any(folder.iterdir())
    np.testing.assert_allclose(pieces.scaler.scale_, whole.scaler.scale_, rtol=1e-6)
    np.testing.assert_allclose(pieces.probabilities(x), whole.probabilities(x), atol=1e-4)


def test_a_fit_without_end_is_told_in_words() -> None:
    x, y = some()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model = fit(x, y, CLASSES, c=100.0, max_iter=2)
    assert "had not converged after 2 iterations" in model.notes[0]


def test_the_best_c_at_the_edge_is_told() -> None:
    y = np.arange(60) % 2
    x = np.random.default_rng(0).normal(size=(60, 40)).astype(np.float32)  # nothing to learn
    model = fit(x, y, CLASSES[:2])
    assert model.c == GRID[0]
    assert "edge" in model.notes[0]


def test_a_class_with_few_pictures_has_fewer_folds_and_with_one_none() -> None:
    x, y = some()
    few = np.concatenate([np.flatnonzero(y < 2), np.flatnonzero(y == 2)[:3]])
    assert fit(x[few], y[few], CLASSES).folds == 3
    with pytest.raises(ConfigError, match="Class c has a single training picture"):
        fit(x[few[:-2]], y[few[:-2]], CLASSES)
    assert fit(x[few[:-2]], y[few[:-2]], CLASSES, c=1.0).folds == 0


@pytest.mark.parametrize("kept", [[0], [0, 2], []])
def test_a_class_without_training_pictures_is_refused(kept: list[int]) -> None:
    x, y = some()
    rows = np.isin(y, kept)
    with pytest.raises(ConfigError, match="No training picture shows"):
        fit(x[rows], y[rows], CLASSES, c=1.0)


@pytest.mark.parametrize(
    ("value", "words"), [(3.0, "same features"), (np.nan, "not numbers"), (np.inf, "not numbers")]
)
def test_features_that_teach_nothing_are_refused(value: float, words: str) -> None:
    x, y = some()
    with pytest.raises(ConfigError, match=words):
        fit(np.full_like(x, value), y, CLASSES, c=1.0)
    x[:, 3] = 3.0
    assert np.isfinite(fit(x, y, CLASSES, c=1.0).probabilities(x)).all()


def test_a_search_can_be_stopped() -> None:
    x, y = some()
    said: list[int] = []
    with pytest.raises(Cancelled):
        fit(
            x,
            y,
            CLASSES,
            tell=lambda done, total, what: said.append(done),
            should_stop=lambda: len(said) > 3,
        )
    assert said == [0, 1, 2, 3]


def test_the_others_are_plain_scikit_learn() -> None:
    x, y = some()
    model = fit(x[:60], y[:60], CLASSES, c=0.1)
    found = compare(model, x[:60], y[:60], x[60:], y[60:], seed=3)
    scaler = StandardScaler().fit(x[:60])
    train, valid = scaler.transform(x[:60]), scaler.transform(x[60:])
    expected = [
        KNeighborsClassifier(5, metric="cosine").fit(train, y[:60]).score(valid, y[60:]),
        KNeighborsClassifier(5, metric="euclidean").fit(train, y[:60]).score(valid, y[60:]),
        LinearSVC(C=0.1, random_state=3, max_iter=2000).fit(train, y[:60]).score(valid, y[60:]),
    ]
    assert [each.accuracy for each in found] == pytest.approx(expected)
    assert {each.trained_on for each in found} == {60}


def test_of_very_many_pictures_the_others_learn_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = some()
    model = fit(x, y, CLASSES, c=0.1)
    monkeypatch.setattr(classifiers, "MOST_COMPARED", 30 * x.shape[1])
    assert {each.trained_on for each in compare(model, x, y, x, y)} == {30}


def test_the_loss_is_the_mean_over_the_pictures() -> None:
    x, y = some()
    said = fit(x, y, CLASSES, c=0.1).probabilities(x)
    assert mean_loss(said, y) == pytest.approx(log_loss(y, said))
    assert mean_loss(said[y == 1], y[y == 1]) == pytest.approx(-np.log(said[y == 1, 1]).mean())


def test_the_scaler_of_chosen_rows_knows_no_others() -> None:
    x, _ = some()
    rows = np.arange(0, 90, 3)
    np.testing.assert_array_equal(fit_scaler(x, rows).mean_, StandardScaler().fit(x[rows]).mean_)
