"""Runs by features and logistic regression, small enough for tests."""

import shutil
from pathlib import Path

import pytest

from core.data.dataset import Dataset, load_dataset
from core.data.splitting import current_split
from core.embeddings.config import FeaturesRunConfig
from core.records import to_json
from core.runs.store import Run, create_run
from core.runs.worker import work
from core.workspace import Workspace, open_workspace
from tests.digits import import_folder, write_digits
from tests.once import made_once

LITE0, SMALL = "efficientnet_lite0", "squeezenet1_1"
PICTURES = 120


def features_config(dataset: Dataset, **settings) -> FeaturesRunConfig:
    """By an untrained SqueezeNet, without a search."""
    settings = {"backbone": SMALL, "weights": "random-0", "regularization": 0.1, **settings}
    split = current_split(dataset).id
    return FeaturesRunConfig("Features", dataset.id, split, dataset.classes, **settings)


def features_run(workspace: Workspace, config: FeaturesRunConfig) -> Run:
    run = create_run(workspace.runs, to_json(config), config.name)
    assert work(run) == 0, run.log() or run.status()
    return run


@pytest.fixture(scope="session")
def features_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a few digits and a finished run on them by EfficientNet-Lite0, made once."""

    def make(root: Path) -> None:
        write_digits(root / "pictures", PICTURES)
        workspace = open_workspace(root / "home")
        dataset = import_folder(workspace, root / "pictures", "Few digits")
        config = features_config(dataset, backbone=LITE0, weights="trained", regularization=None)
        features_run(workspace, config)

    return made_once(tmp_path_factory, "features", make) / "home"


@pytest.fixture
def finished(workspace: Workspace, features_home: Path) -> Run:
    """That run, in this test's own workspace, with its features on the disk."""
    shutil.copytree(features_home, workspace.root, dirs_exist_ok=True)
    (folder,) = workspace.runs.iterdir()
    return Run(folder)


def dataset_of(workspace: Workspace, run: Run) -> Dataset:
    return load_dataset(workspace, run.config()["dataset_id"])
