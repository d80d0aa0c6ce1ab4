"""Fine-tunings as runs: what their worker leaves, what a kill costs, and how they go on."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.errors import ConfigError
from core.models.saved_model import HeadConfig
from core.records import to_json
from core.runs.continuing import continue_run, continue_slower, go_on_without
from core.runs.launcher import launch
from core.runs.overview import overview_of, settings_of
from core.runs.store import Run, RunState, Status, create_run
from core.runs.worker import work
from core.serving.prediction import load_predictor
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.fine_tune_run import train_fine_tuned
from core.workspace import Workspace
from tests.benchmarks.bench_crash import every_epoch_once, same_results
from tests.fine_tuning import small_fine_tuning

PATIENCE = 120  # seconds
BACKBONE = "shufflenet_v2_x0_5"  # small, as what it learns is of no interest here


def new_run(workspace: Workspace, config: FineTuneConfig) -> Run:
    return create_run(workspace.runs, to_json(config), config.name)


@pytest.mark.slow
def test_a_worker_fine_tunes_and_the_run_goes_on(
    workspace: Workspace, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.continuing.launch", work)
    run = new_run(workspace, small_fine_tuning(few_digits, BACKBONE, weights="random-0", epochs=2))
    assert work(run) == 0, run.log()
    status, seen = run.status(), overview_of(run)
    assert status.state is RunState.FINISHED
    assert status.result["best_accuracy"] == max(record["valid_accuracy"] for record in run.metrics())
    assert status.result["parameters"] == run.facts()["parameters"] == seen.parameters
    assert (seen.epochs_done, seen.epochs, seen.kind, seen.has_model) == (2, 2, "fine-tune", True)
    assert load_predictor(run).classes == few_digits.classes
    continue_run(run, 1)
    assert [record["epoch"] for record in run.metrics()] == [1, 2, 3]
    continue_slower(run)
    config = run.config()
    assert (config["training"]["learning_rate"], config["backbone_rate"]) == (1e-3, 1e-5)
    lost = few_digits.pictures[0].key
    go_on_without(run, [lost])
    assert run.config()["without"] == [lost]
    assert run.status().state is RunState.FINISHED


@pytest.mark.slow
@pytest.mark.usefixtures("warm_workers")
def test_a_kill_leaves_no_trace_in_the_results(
    workspace: Workspace, few_digits: Dataset, tmp_path: Path
) -> None:
    """Once while the frozen part runs, or soon after, and once within the epochs."""
    config = small_fine_tuning(
        few_digits,
        BACKBONE,
        weights="random-0",
        epochs=12,
        trains=Trains.BLOCKS,
        head=HeadConfig((20,), 0.2),
        augmentation=Augmentation(horizontal_flip=True),
        views=2,
    )
    run = new_run(workspace, config)
    for started in (
        lambda: any((workspace.caches / "frozen").glob("*.rows")),
        lambda: len(run.metrics()) > 1,
    ):
        launch(run)
        kill_when(run, started)
    assert work(run) == 0, run.log()
    assert every_epoch_once(run, 12)
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    train_fine_tuned(workspace, config, undisturbed)
    assert same_results(run, Run(undisturbed))


def kill_when(run: Run, started) -> None:
    deadline = time.monotonic() + PATIENCE
    while not started():
        assert time.monotonic() < deadline, run.log()
        time.sleep(0.01)
    pid = run.status().pid
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    while run.status().state.is_active:
        time.sleep(0.05)


CONFIG = FineTuneConfig("Run", "data", "split", ("a", "b"), "densenet121")


def test_settings_in_words() -> None:
    settings = settings_of(to_json(CONFIG))
    assert settings["backbone"] == "densenet121"
    assert settings["what trains"] == "head"
    assert settings["head: hidden"] == "none"
    assert settings["learning rate of the backbone"] == "0.0001"
    assert "blocks of the backbone that train" not in settings
    deeper = replace(CONFIG, trains=Trains.BLOCKS, blocks=2, head=HeadConfig((500,)))
    settings = settings_of(to_json(deeper))
    assert settings["blocks of the backbone that train"] == "2"
    assert settings["head: hidden"] == "500"


def test_a_damaged_config_is_told(workspace: Workspace) -> None:
    run = new_run(workspace, CONFIG)
    run.write_status(Status(RunState.FINISHED))
    assert overview_of(run).damage == ""
    run.write_config({**to_json(CONFIG), "weights": "mine"})
    assert "no such weights" in overview_of(run).damage


def test_a_run_that_does_not_learn_in_epochs_has_none_to_add(workspace: Workspace) -> None:
    run = create_run(workspace.runs, {"kind": "features", "name": "Features"}, "features")
    run.write_status(Status(RunState.FINISHED))
    with pytest.raises(ConfigError, match="doesn't learn in epochs"):
        continue_run(run, 1)
