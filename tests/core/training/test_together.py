"""Processes that train together against one that is alone: the same curve, whatever their parts are."""

import json
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch

from core.data.dataset import Dataset
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.training.cnn_run import train_cnn
from core.training.config import CnnRunConfig, Precision
from core.training.history import Hooks
from core.training.together import any_of, own_part, place
from core.workspace import Workspace
from tests.digits import small_run

pytestmark = pytest.mark.slow
PLAIN = CnnConfig((ConvBlock(8), ConvBlock(16)))  # no dropout and no batch norm: nothing that parts change
CLOSE = 1e-4


def config_of(digits: Dataset, **training) -> CnnRunConfig:
    config = small_run(digits, epochs=3, precision=Precision.FLOAT32, **training)
    return CnnRunConfig(**{**vars(config), "cnn": PLAIN})


def trained_together(workspace: Workspace, config: CnnRunConfig, pause_in: int = -1) -> list[list]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = [port, str(workspace.root), to_json(config), pause_in]
    command = [sys.executable, "-m", "tests.core.training.one_of_several"]
    processes = [subprocess.Popen([*command, json.dumps([number, *asked])]) for number in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    return [json.loads((workspace.root / f"part-{n}" / "curve.json").read_text()) for n in range(2)]


def trained_alone(workspace: Workspace, config: CnnRunConfig) -> list[float]:
    curve: list[float] = []

    def on_epoch(record) -> None:
        curve.extend((record.train_loss, record.valid_loss, record.train_accuracy, record.valid_accuracy))

    folder = workspace.root / "alone"
    folder.mkdir()
    train_cnn(workspace, config, folder, hooks=Hooks(on_epoch=on_epoch))
    return curve


def test_two_processes_have_the_curve_of_one(workspace: Workspace, digits: Dataset) -> None:
    # Batches of 31 have parts of 16 and 15; class weights make even equal parts weigh differently.
    config = config_of(digits, batch_size=31, class_weights=True)
    (first, first_weights, _), (second, second_weights, _) = trained_together(workspace, config)
    assert first == second
    assert first_weights == second_weights
    np.testing.assert_allclose(first, trained_alone(workspace, config), atol=CLOSE)


def test_a_pause_that_one_hears_pauses_all_and_they_go_on_together(
    workspace: Workspace, digits: Dataset
) -> None:
    config = config_of(digits)
    (first, _, ended), (second, _, _) = trained_together(workspace, config, pause_in=1)
    assert len(first) == len(second) == 4
    assert ended == "stopped"  # the second one knows that it was a pause
    (rest, _, ended), _ = trained_together(workspace, config)
    assert ended == "finished"
    np.testing.assert_allclose([*first, *rest], trained_alone(workspace, config), atol=CLOSE)


def test_alone_nothing_changes() -> None:
    assert place() == (0, 1)
    assert own_part(torch.arange(5)).tolist() == [0, 1, 2, 3, 4]
    assert any_of(True, False) == [True, False]
