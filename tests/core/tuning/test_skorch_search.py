"""Searches by scikit-learn over a run's settings: what they find, and that no finished fit is done again."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import Cancelled, ConfigError
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.runs.store import RunState, create_run
from core.runs.worker import work
from core.training.config import CnnRunConfig
from core.training.run_data import open_run_data
from core.tuning.skorch_config import CrossValidationConfig, Search, check_folds
from core.tuning.skorch_results import FitRecord, candidates_of
from core.tuning.skorch_search import make_search, run_search, stratified_folds
from core.tuning.skorch_searches import best_run_config, fits_of, searches_folder, searches_on
from core.workspace import Workspace
from tests.digits import small_run
from tests.threads import one_thread

__all__ = ["one_thread"]

GRID = {"lr": (1e-5, 5e-3), "module__filters": (2, 8)}


def search_on(dataset: Dataset, kind: Search = Search.GRID, **settings) -> CrossValidationConfig:
    parameters = settings.pop("parameters", GRID)
    base = small_run(dataset, **{"epochs": 1, "batch_size": 64, **settings})
    return CrossValidationConfig("Search", base, parameters, kind, folds=2, candidates=3)


def unpadded(config: CrossValidationConfig) -> CrossValidationConfig:
    """With a network that a large kernel doesn't fit into."""
    return replace(config, base=replace(config.base, cnn=CnnConfig((ConvBlock(8, padding=0),))))


def searched(workspace: Workspace, config: CrossValidationConfig, **hooks) -> tuple[dict, list[FitRecord]]:
    fits: list[FitRecord] = []
    settings = {"known": [], "tell": fits.append, "at_work": lambda *_: None, "interrupted": lambda: False}
    data = open_run_data(workspace, config.base)
    best = run_search(workspace, config, data, device="cpu", **{**settings, **hooks})
    return best, fits


def scores(fits: list[FitRecord]) -> list[tuple]:
    return [(fit.parameters, fit.epochs, fit.fold, fit.accuracy) for fit in fits]


@pytest.mark.slow
def test_a_search_cut_off_goes_on_and_ends_the_same(workspace: Workspace, digits: Dataset) -> None:
    """Halving, whose later candidates depend on the scores of the earlier ones."""
    config = search_on(digits, Search.HALVING, epochs=3)
    best, fits = searched(workspace, config)
    assert len(fits) == config.fits
    assert best["lr"] == 5e-3
    again, rest = searched(workspace, config, known=fits[:3])
    assert (again, scores(rest)) == (best, scores(fits[3:]))
    found = candidates_of(fits)
    assert (found[0].parameters, found[0].epochs, found[0].rank) == (best, 3, 1)


@pytest.mark.slow
def test_failed_candidates_are_told_and_lose(workspace: Workspace, digits: Dataset) -> None:
    config = unpadded(search_on(digits, parameters={"module__kernel": (3, 63), "lr": (5e-3,)}))
    best, fits = searched(workspace, config)
    assert best == {"module__kernel": 3, "lr": 5e-3}
    assert all((fit.accuracy is None) == (fit.parameters["module__kernel"] == 63) for fit in fits)
    *_, last = candidates_of(fits)
    assert last.mean is None
    assert "63" in last.problem
    hopeless = unpadded(search_on(digits, parameters={"module__kernel": (63,)}))
    with pytest.raises(ConfigError, match="No candidate could be trained"):
        searched(workspace, hopeless)


@pytest.mark.slow
def test_a_search_as_a_job(workspace: Workspace, digits: Dataset) -> None:
    config = search_on(digits, Search.RANDOM)
    folder = searches_folder(workspace)
    folder.mkdir()
    run = create_run(folder, to_json(config), "search")
    assert work(run) == 0, run.log()
    status = run.status()
    assert (status.state, status.done, status.total) == (RunState.FINISHED, 6, 6)
    fits = fits_of(run)
    assert [fit.fold for fit in fits] == [0, 1] * 3
    assert status.result["best"] == candidates_of(fits)[0].parameters
    assert [found for found, _ in searches_on(workspace, digits.id)] == [run]
    assert searches_on(workspace, "other") == []
    best = best_run_config(run, config)
    assert best.training.learning_rate == status.result["best"]["lr"]
    assert best.cnn.blocks[0].filters == status.result["best"]["module__filters"]

    seconds = [fit.seconds for fit in fits]
    with run.metrics_file.open("r+", encoding="utf-8") as file:  # a crash cuts the last line short
        whole = file.read()
        file.truncate(len(whole) - 40)
    assert work(run) == 0
    again = fits_of(run)
    assert scores(again) == scores(fits)
    assert [fit.seconds for fit in again][:5] == seconds[:5]
    assert run.status().result == status.result


def test_a_stop_is_heard_between_two_batches(workspace: Workspace, digits: Dataset) -> None:
    told: list[FitRecord] = []
    with pytest.raises(Cancelled):
        searched(workspace, search_on(digits), tell=told.append, interrupted=lambda: True)
    assert told == []


def test_candidates_are_ranked_as_scikit_learn_ranks_them() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 4, (6, 3)) / 4
    fits = [FitRecord({"lr": n + 1}, 1, k, float(table[n, k]), 1.0) for n in range(6) for k in range(3)]

    class Known(ClassifierMixin, BaseEstimator):
        def __init__(self, lr: int = 0) -> None:
            self.lr = lr

        def fit(self, x: np.ndarray, y: np.ndarray) -> "Known":
            return self

        def score(self, x: np.ndarray, y: np.ndarray) -> float:
            return float(table[self.lr - 1, int(x[0])])

    base = CnnRunConfig("x", "d", "s", ("a", "b"), Preprocessing.of((8, 8), ColorMode.GREY), CnnConfig())
    config = CrossValidationConfig("x", base, {"lr": tuple(range(1, 7))})
    rows = np.arange(3)
    folds = [(rows, np.array([k])) for k in range(3)]
    search = make_search(config, Known(), folds).fit(rows, rows)
    results = search.cv_results_
    found = {candidate.parameters["lr"]: candidate for candidate in candidates_of(fits)}
    for n, mean, std, rank in zip(
        range(6),
        results["mean_test_score"],
        results["std_test_score"],
        results["rank_test_score"],
        strict=True,
    ):
        assert (found[n + 1].mean, found[n + 1].std, found[n + 1].rank) == (
            pytest.approx(mean),
            pytest.approx(std),
            rank,
        )


def test_copies_of_a_picture_are_never_apart() -> None:
    labels = np.repeat([0, 1], 12)
    keys = [f"picture-{row // 2}" for row in range(24)]
    for fitted, judged in stratified_folds(labels, keys, 3, seed=0):
        assert {keys[row] for row in fitted}.isdisjoint(keys[row] for row in judged)
    assert all(set(labels[judged]) == {0, 1} for _, judged in stratified_folds(labels, keys, 3, 0))


def test_too_few_pictures_for_the_folds_are_refused() -> None:
    with pytest.raises(ConfigError, match="Class b has too few training pictures"):
        check_folds(np.array([0, 0, 0, 1, 1]), ("a", "b", "none"), 3)
