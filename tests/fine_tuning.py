"""Fine-tunings that take seconds: EfficientNet-Lite0, with its real weights, on a few digits."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.models.weights import LITE0
from core.training.config import Precision, TrainingConfig
from core.training.fine_tune_config import FineTuneConfig
from core.workspace import Workspace
from tests.digits import brought, imported_once

FEW = 50


@pytest.fixture(scope="session")
def imported_few_digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The first of scikit-learn's digits, imported once; their pixels at 224 px are there to be copied."""
    return imported_once(tmp_path_factory, "few-digits", FEW, "Few digits")


@pytest.fixture
def few_digits(workspace: Workspace, imported_few_digits: Dataset) -> Dataset:
    return brought(imported_few_digits, workspace)


def small_fine_tuning(dataset: Dataset, backbone: str = LITE0, **settings) -> FineTuneConfig:
    """Three epochs of the head in float32; settings of the training go to it, the others to the config."""
    names = set(TrainingConfig.__dataclass_fields__)
    training = {"epochs": 3, "batch_size": 16, "learning_rate": 1e-2, "precision": Precision.FLOAT32}
    training |= {name: value for name, value in settings.items() if name in names}
    config = FineTuneConfig(
        "Small fine-tuning",
        dataset.id,
        current_split(dataset).id,
        dataset.classes,
        backbone,
        training=TrainingConfig(**training),
    )
    return replace(config, **{name: value for name, value in settings.items() if name not in names})


def new_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
