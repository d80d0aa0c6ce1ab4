"""Runs and studies on a real Ray cluster of two nodes on this machine, one of which dies in the end."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from core.data.dataset import Dataset
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.runs.cluster_jobs import start_look
from core.runs.launcher import launch, request_pause
from core.runs.place import Place, put_at
from core.runs.store import Run, RunState, create_run, is_active, open_run
from core.training.config import CnnRunConfig, Precision
from core.training.predictions import load_predictions
from core.tuning.studies import start_study
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import TrialState, load_trials
from core.workspace import Workspace
from tests.core.cluster.ray_nodes import Nodes, free_port
from tests.core.tuning.bases import RATE
from tests.digits import small_run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
pytest.importorskip("ray")
PATIENCE = 120.0  # seconds
CLOSE = 1e-4
EPOCHS = 150  # of a trial that is under way when its node dies: some seven seconds


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    nodes = Nodes(tmp_path_factory.mktemp("cluster"))
    try:
        nodes.add(cpus=1)
        nodes.add(cpus=1)
        yield nodes
    finally:
        nodes.close()


def wait_for(condition: Callable[[], bool], run: Run) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, run.log()
        time.sleep(0.05)


def ended(run: Run) -> RunState:
    wait_for(lambda: not is_active(run), run)
    return run.status().state


def started(workspace: Workspace, config: CnnRunConfig, place: Place | None) -> Run:
    run = create_run(workspace.runs, to_json(config), config.name)
    put_at(run, place)
    launch(run)
    return run


def plain_run(digits: Dataset, **training) -> CnnRunConfig:
    """With neither dropout nor batch norm, which see a part of a batch."""
    plain = CnnConfig((ConvBlock(8), ConvBlock(16)))
    return CnnRunConfig(**{**vars(small_run(digits, **training)), "cnn": plain})


def test_what_a_cluster_has_is_told_and_what_is_no_cluster(workspace: Workspace, nodes: Nodes) -> None:
    look = start_look(workspace, Place(nodes.address))
    assert ended(look) is RunState.FINISHED, look.log()
    assert look.status().result == {"nodes": 2, "cpus": 2.0, "gpus": 0.0, "processes": 2}
    look = start_look(workspace, Place(nodes.address, cpus=2))
    assert ended(look) is RunState.FAILED
    assert "too small" in look.status().message
    look = start_look(workspace, Place(f"127.0.0.1:{free_port()}"))
    assert ended(look) is RunState.FAILED
    assert "No Ray cluster answers" in look.status().message


def test_processes_on_two_nodes_have_the_curve_of_one_here(
    workspace: Workspace, digits: Dataset, nodes: Nodes
) -> None:
    config = plain_run(digits, epochs=3, precision=Precision.FLOAT32)
    run = started(workspace, config, Place(nodes.address, processes=2))
    assert ended(run) is RunState.FINISHED, run.log()
    assert run.facts()["processes"] == 2
    alone = started(workspace, config, None)
    assert ended(alone) is RunState.FINISHED
    for name in ("train_loss", "valid_loss", "train_accuracy", "valid_accuracy"):
        there, here = ([record[name] for record in each.metrics()] for each in (run, alone))
        np.testing.assert_allclose(there, here, atol=CLOSE)
    predictions = [load_predictions(each.folder, "test") for each in (run, alone)]
    np.testing.assert_allclose(*(each.probabilities for each in predictions), atol=CLOSE)


def test_a_run_pauses_there_and_goes_on_here(workspace: Workspace, digits: Dataset, nodes: Nodes) -> None:
    run = started(workspace, small_run(digits, epochs=500), Place(nodes.address))
    wait_for(lambda: len(run.metrics()) > 0, run)
    request_pause(run)
    assert ended(run) is RunState.PAUSED, run.log()
    done = run.metrics()
    run.write_config({**run.config(), "training": {**run.config()["training"], "epochs": len(done) + 1}})
    put_at(run, None)
    launch(run)
    assert ended(run) is RunState.FINISHED, run.log()
    assert run.metrics()[: len(done)] == done
    assert len(run.metrics()) == len(done) + 1


def test_why_a_run_failed_there_is_told_here(workspace: Workspace, digits: Dataset, nodes: Nodes) -> None:
    config = small_run(digits)
    run = started(workspace, replace(config, classes=config.classes[::-1]), Place(nodes.address))
    assert ended(run) is RunState.FAILED, run.log()
    assert run.status().cause == "DatasetError"
    assert "have changed since" in run.status().message
    assert "have changed since" in run.log()


def test_a_node_dies_and_its_trial_begins_again_elsewhere(
    workspace: Workspace, digits: Dataset, nodes: Nodes
) -> None:
    config = StudyConfig(
        "On two nodes",
        small_run(digits, epochs=EPOCHS),
        RATE,
        method=Method.RANDOM,
        trials=2,
        at_once=2,
        worse_than=None,
        place=Place(nodes.address),
    )
    study = start_study(workspace, config)

    def runs() -> list[Run]:
        trials = load_trials(study.folder).all
        return [open_run(workspace.runs, trial.run_id) for trial in trials if trial.run_id]

    wait_for(lambda: sum(is_active(run) and bool(run.metrics()) for run in runs()) == 2, study)
    nodes.kill(nodes.all[1])
    assert ended(study) is RunState.FINISHED, study.log()
    trials = load_trials(study.folder)
    assert [trial.state for trial in trials.all] == [TrialState.FINISHED] * 2, study.log()
    assert sorted(run.log_file.read_text().count("process on the cluster died") for run in runs()) == [0, 1]
    for run in runs():
        assert [record["epoch"] for record in run.metrics()] == list(range(1, EPOCHS + 1))
    kept = [folder.name for folder in (nodes.folder / "node-0" / "cluster" / "datasets").iterdir()]
    assert kept == [digits.id]


def test_a_node_keeps_what_came_apart(nodes: Nodes) -> None:
    for number in range(2):
        home = nodes.folder / f"node-{number}"
        assert list((home / "cluster" / "datasets").iterdir())
        assert not list((home / "datasets").iterdir())
        assert not list((home / "runs").iterdir())
