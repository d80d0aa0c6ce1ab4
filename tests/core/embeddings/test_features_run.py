"""Whole runs with real backbones: what they leave, and that it is what it says."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.data.dataset import Dataset, load_dataset
from core.data.splitting import load_split
from core.embeddings.algebra import calm
from core.embeddings.config import FeaturesRunConfig
from core.embeddings.features_run import run_features
from core.embeddings.projection import load_map
from core.embeddings.store import FeatureStore, store_path
from core.errors import Cancelled, ConfigError, DatasetError
from core.models.backbones import preprocessing_of
from core.models.saved_model import SavedFeatures, load_model_description
from core.records import from_json, to_json
from core.runs.continuing import go_on_without
from core.runs.launcher import launch
from core.runs.overview import overview_of
from core.runs.reporter import Reporter
from core.runs.store import Run, RunState, create_run
from core.runs.worker import work
from core.serving.prediction import load_predictor
from core.training.config import Precision
from core.training.frozen_numbers import Numbers, numbers_file
from core.training.frozen_pass import BATCH
from core.training.history import Hooks
from core.training.predictions import load_predictions
from core.workspace import Workspace, write_json
from tests.core.embeddings.runs import (
    LITE0,
    PICTURES,
    SMALL,
    dataset_of,
    features_config,
    features_run,
)
from tests.digits import import_folder, write_digits

pytestmark = pytest.mark.slow


@pytest.fixture
def few(workspace: Workspace, tmp_path: Path) -> Dataset:
    """60 digits, 6 or so of each class."""
    write_digits(tmp_path / "pictures", 60)
    return import_folder(workspace, tmp_path / "pictures", "Very few")


def numbers_are(workspace: Workspace, precision: Precision) -> None:
    """As if this had been measured for the untrained SqueezeNet."""
    stored = numbers_file(workspace, f"backbone/{SMALL}/random-0", "cpu")
    stored.parent.mkdir(parents=True, exist_ok=True)
    write_json(stored, to_json(Numbers(precision, {"float32": 2.0, "bfloat16": 1.0}, 8, 0.9999)))


def stored_features(workspace: Workspace, run: Run, rows) -> np.ndarray:
    """As the disk has them."""
    dataset, saved = dataset_of(workspace, run), load_model_description(run.folder)
    assert isinstance(saved, SavedFeatures)
    key = {LITE0: f"backbone/{LITE0}/pip", SMALL: f"backbone/{SMALL}/random-0"}[saved.backbone]
    numbers = f"{run.facts()['precision']} cpu"
    path = store_path(workspace, key, preprocessing_of(saved.backbone), numbers)
    with FeatureStore(path, saved.features) as store:
        return store.read([dataset.pictures[row].key for row in rows])


def test_a_trained_backbone_beats_chance_by_far_and_leaves_what_every_run_leaves(
    workspace: Workspace, finished: Run
) -> None:
    status, overview = finished.status(), overview_of(finished)
    assert status.state is RunState.FINISHED
    assert status.result["best_accuracy"] > 0.6  # chance is 0.1
    assert status.result["test_accuracy"] > 0.6
    assert status.result["parameters"] == 3_371_008 + 10 * (1280 + 1)
    assert (overview.kind, overview.epochs_done, overview.has_model) == ("features", 1, True)
    assert overview.best_accuracy == status.result["best_accuracy"]
    assert not overview.damage
    for part, name in (("valid", "best_accuracy"), ("test", "test_accuracy")):
        predictions = load_predictions(finished.folder, part)
        assert predictions is not None
        assert (predictions.predicted == predictions.targets).mean() == pytest.approx(status.result[name])
    (record,) = finished.metrics()
    assert {"epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds", "is_best"} <= record.keys()
    facts = finished.facts()
    assert facts["folds"] == 5
    assert len(facts["compared"]) == 3
    assert (facts["computed"], facts["found"]) == (PICTURES, 0)
    places = load_map(finished.folder)
    assert places is not None
    assert sorted(places.pictures.tolist()) == list(range(PICTURES))


def test_it_is_the_plain_pipeline_on_the_same_features(workspace: Workspace, finished: Run) -> None:
    split = load_split(dataset_of(workspace, finished), finished.config()["split_id"])
    labels = dataset_of(workspace, finished).labels()
    x = stored_features(workspace, finished, split.train)
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=finished.facts()["c"], max_iter=1000))
    with calm(x.size):
        plain.fit(x, labels[list(split.train)])
    state = torch.load(finished.folder / "best.pt", weights_only=True)
    np.testing.assert_array_equal(state["weight"].numpy(), plain[1].coef_.astype(np.float64))
    np.testing.assert_array_equal(state["bias"].numpy(), plain[1].intercept_.astype(np.float64))
    np.testing.assert_array_equal(state["mean"].numpy(), plain[0].mean_)
    test = load_predictions(finished.folder, "test")
    assert test is not None
    with calm(x.size):
        expected = plain.predict_proba(stored_features(workspace, finished, test.rows))
    np.testing.assert_array_equal(test.probabilities, expected.astype(np.float32))


@pytest.mark.parametrize("classes", [2, 10])
def test_predict_says_the_same_in_float32(workspace: Workspace, few: Dataset, tmp_path, classes: int) -> None:
    dataset = few
    if classes == 2:
        write_digits(tmp_path / "two", 60)
        for digit in range(2, 10):
            for file in (tmp_path / "two" / str(digit)).iterdir():
                file.unlink()
            (tmp_path / "two" / str(digit)).rmdir()
        dataset = import_folder(workspace, tmp_path / "two", "Two")
    numbers_are(workspace, Precision.FLOAT32)
    run = features_run(workspace, features_config(dataset))
    valid = load_predictions(run.folder, "valid")
    assert valid is not None
    predictor = load_predictor(run)
    pictures = [predictor.read(dataset.path(dataset.pictures[row])) for row in valid.rows]
    np.testing.assert_allclose(predictor.predict(pictures), valid.probabilities, atol=1e-5)
    assert run.facts()["difference"] <= 1e-5
    assert predictor.saved.outputs == (1 if classes == 2 else 10)


def test_in_bfloat16_the_difference_to_the_saved_model_is_told(workspace: Workspace, few: Dataset) -> None:
    numbers_are(workspace, Precision.BFLOAT16)
    run = features_run(workspace, features_config(few, regularization=1e-3))
    facts = run.facts()
    assert facts["precision"] == "bfloat16"
    valid = load_predictions(run.folder, "valid")
    assert valid is not None
    predictor = load_predictor(run)
    pictures = [predictor.read(few.path(few.pictures[row])) for row in valid.rows]
    difference = np.abs(predictor.predict(pictures) - valid.probabilities).max()
    assert 0 < difference < 0.05
    assert facts["difference"] == pytest.approx(difference, abs=1e-4)


def test_labels_of_the_test_pictures_change_nothing_that_was_fitted(
    workspace: Workspace, few: Dataset
) -> None:
    numbers_are(workspace, Precision.FLOAT32)
    config = features_config(few, regularization=0.01)
    first = features_run(workspace, config)
    split = load_split(few, config.split_id)
    lines = (few.folder / "pictures.jsonl").read_text().splitlines()
    for row in split.test:
        record = json.loads(lines[row])
        lines[row] = json.dumps({**record, "label": str((int(record["label"]) + 1) % 10)})
    (few.folder / "pictures.jsonl").write_text("\n".join(lines) + "\n")
    second = features_run(workspace, config)
    before, after = (torch.load(run.folder / "best.pt", weights_only=True) for run in (first, second))
    assert all(torch.equal(before[name], after[name]) for name in before)
    one, other = (load_predictions(run.folder, "test") for run in (first, second))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
    assert (one.targets != other.targets).all()


def test_who_comes_second_finds_the_features_there(workspace: Workspace, finished: Run) -> None:
    config = from_json(FeaturesRunConfig, finished.config())
    again = features_run(workspace, replace(config, regularization=1.0, max_iter=3))
    facts = again.facts()
    assert (facts["computed"], facts["found"], facts["c"]) == (0, PICTURES, 1.0)
    assert "converged" in facts["notes"][0]


@pytest.mark.parametrize("ask", ["stop", "pause"])
def test_a_run_is_interrupted_and_goes_on(workspace: Workspace, few: Dataset, ask: str) -> None:
    numbers_are(workspace, Precision.FLOAT32)
    run = create_run(workspace.runs, to_json(features_config(few)), "Features")
    reporter, asked = Reporter(run), {"stop": run.stop_file, "pause": run.pause_file}[ask]
    reporter.close(RunState.QUEUED)

    def after_a_batch(done: int, total: int, what: str) -> None:
        if done == 32:
            asked.touch()

    hooks = Hooks(should_stop=asked.exists)
    config = features_config(few)
    with pytest.raises(Cancelled):
        run_features(workspace, config, run.folder, hooks=hooks, on_progress=after_a_batch)
    assert not (run.folder / "best.pt").exists()
    assert work(run) == 0  # which hears of it, and is there at once
    assert run.status().state is {"stop": RunState.STOPPED, "pause": RunState.PAUSED}[ask]
    assert work(run) == 0
    assert run.status().state is RunState.FINISHED
    assert run.facts()["computed"] == 60 - 32


@pytest.mark.usefixtures("warm_workers")
def test_a_kill_costs_the_batch_under_way_and_no_more(workspace: Workspace, tmp_path: Path) -> None:
    """A real process, killed once its first features are on the disk."""
    write_digits(tmp_path / "pictures", PICTURES)
    dataset = import_folder(workspace, tmp_path / "pictures", "Digits")
    numbers_are(workspace, Precision.FLOAT32)
    config = features_config(dataset)
    run = create_run(workspace.runs, to_json(config), config.name)
    launch(run)
    path = store_path(workspace, f"backbone/{SMALL}/random-0", preprocessing_of(SMALL), "float32 cpu")
    deadline = time.monotonic() + 120
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < deadline, run.log()
        time.sleep(0.005)
    pid = run.status().pid
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    while run.status().state.is_active:
        time.sleep(0.05)
    with FeatureStore(path, 512) as store:
        keys = [picture.key for picture in dataset.pictures]
        kept = [key for key in keys if key not in store.missing(keys)]
        before = store.read(kept)
    assert BATCH <= len(kept) < PICTURES
    assert work(run) == 0
    assert run.facts()["computed"] == PICTURES - len(kept)
    with FeatureStore(path, 512) as store:
        np.testing.assert_array_equal(store.read(kept), before)


def test_what_can_not_be_fitted_says_why(workspace: Workspace, few: Dataset) -> None:
    config = features_config(few)
    with pytest.raises(DatasetError, match="have changed"):
        run_features(workspace, replace(config, classes=("0", "x")), workspace.root)
    some = [picture.key for picture in few.pictures if picture.label == "3"]
    numbers_are(workspace, Precision.FLOAT32)
    with pytest.raises(ConfigError, match="No training picture shows 3"):
        run_features(workspace, replace(config, without=tuple(some)), workspace.root)


def test_pictures_that_are_lost_are_left_out_on_request(
    workspace: Workspace, few: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.continuing.launch", work)
    numbers_are(workspace, Precision.FLOAT32)
    row = load_split(few, features_config(few).split_id).train[0]
    few.path(few.pictures[row]).unlink()
    run = create_run(workspace.runs, to_json(features_config(few)), "Features")
    assert work(run) != 0
    assert run.lost_pictures() == (few.pictures[row].key,)
    go_on_without(run, run.lost_pictures())
    assert run.status().state is RunState.FINISHED
    assert run.facts()["without"] == 1


def test_a_config_goes_to_json_and_back_and_refuses_nonsense(few: Dataset) -> None:
    config = features_config(few, without=("a",))
    assert from_json(FeaturesRunConfig, json.loads(json.dumps(to_json(config)))) == config
    assert config.weights_seed == 0
    assert replace(config, weights="trained").weights_seed is None
    for nonsense in (
        {"weights": "random"},
        {"regularization": 0.0},
        {"max_iter": 0},
        {"classes": ("a",)},
        {"seed": -1},
    ):
        with pytest.raises(ConfigError):
            replace(config, **nonsense)


def test_a_data_set_that_is_gone_is_named(workspace: Workspace, finished: Run) -> None:
    config = from_json(FeaturesRunConfig, finished.config())
    with pytest.raises(DatasetError, match="no data set"):
        run_features(workspace, replace(config, dataset_id="gone"), finished.folder)
    assert load_dataset(workspace, config.dataset_id).classes == config.classes
