"""Real workers, really killed; more of them are in tests/benchmarks/bench_crash.py."""

import random
from pathlib import Path

import pytest

from core.data.dataset import Dataset
from core.runs.store import Run, RunState
from core.training.cnn_run import train_cnn
from core.workspace import Workspace
from tests.benchmarks.bench_crash import (
    every_epoch_once,
    kill_again_and_again,
    kill_the_server,
    new_run,
    same_results,
)
from tests.digits import small_run

pytestmark = pytest.mark.slow
EPOCHS = 12


def test_kills_leave_no_trace_in_the_results(workspace: Workspace, digits: Dataset, tmp_path: Path) -> None:
    config = small_run(digits, epochs=EPOCHS)
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    train_cnn(workspace, config, undisturbed)
    killed = new_run(workspace, config)
    phases = ["checkpoint", "final predictions"]
    crashes = kill_again_and_again(workspace, killed, phases, random.Random(0))
    assert crashes.resumed == 2
    assert killed.status().state is RunState.FINISHED
    assert every_epoch_once(killed, EPOCHS)
    assert same_results(killed, Run(undisturbed))


def test_a_run_does_not_notice_the_deaths_of_its_servers(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, small_run(digits, epochs=EPOCHS))
    assert len(kill_the_server(run, 3, random.Random(0), seconds=0.5)) == 1
    assert run.status().state is RunState.FINISHED
    assert every_epoch_once(run, EPOCHS)
