import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.data.dataset import Dataset, list_datasets, load_dataset
from core.data.importing import PICTURES_FOLDER, ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.data.sample_digits import digit_names, digit_png
from core.data.splitting import current_split
from core.models.cnn_config import CnnConfig, ConvBlock
from core.training.config import CnnRunConfig, TrainingConfig
from core.workspace import Workspace, open_workspace
from tests.once import made_once

SMALL_CNN = CnnConfig((ConvBlock(8, batch_norm=True), ConvBlock(16, dropout=0.1)))


@pytest.fixture(scope="session")
def imported_digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """The first 500 of scikit-learn's digits, imported once."""
    dataset = imported_once(tmp_path_factory, "digits", 500, "Digits")
    imported = written(dataset)
    yield dataset
    assert written(dataset) == imported, "A test wrote into a picture that it shares with others."


@pytest.fixture
def digits(workspace: Workspace, imported_digits: Dataset) -> Dataset:
    """500 real digits in this test's own workspace; they lie where others look, see `may_lose_pictures`."""
    return brought(imported_digits, workspace)


def imported_once(temporary: pytest.TempPathFactory, folder: str, most: int, name: str) -> Dataset:
    """The first `most` digits as a data set `name` in a workspace of its own."""

    def make(root: Path) -> None:
        write_digits(root / "pictures", most)
        import_folder(open_workspace(root / "home"), root / "pictures", name)

    workspace = open_workspace(made_once(temporary, folder, make) / "home")
    (summary,) = list_datasets(workspace)
    return load_dataset(workspace, summary.id)


def brought(dataset: Dataset, workspace: Workspace) -> Dataset:
    """`dataset` in `workspace`: its pictures are the same files, and in the same folder."""
    folder = workspace.datasets / dataset.id
    shutil.copytree(dataset.folder, folder, ignore=shutil.ignore_patterns(PICTURES_FOLDER))
    (folder / PICTURES_FOLDER).symlink_to(dataset.folder / PICTURES_FOLDER)
    return load_dataset(workspace, dataset.id)


def may_lose_pictures(dataset: Dataset) -> None:
    """Give it a folder of its own: pictures may be taken away, but not be written into."""
    pictures = dataset.folder / PICTURES_FOLDER
    shared = pictures.resolve()
    pictures.unlink()
    shutil.copytree(shared, pictures, copy_function=os.link)


def written(dataset: Dataset) -> list[int]:
    """When each picture was last written."""
    return [dataset.path(picture).stat().st_mtime_ns for picture in dataset.pictures]


def import_folder(workspace: Workspace, folder: Path, name: str) -> Dataset:
    return import_dataset(
        workspace,
        ImportConfig(name, SourceKind.FOLDER, str(folder)),
        on_progress=lambda done, total, what: None,
        should_stop=lambda: False,
    )


def small_run(dataset: Dataset, **training) -> CnnRunConfig:
    """A run that takes a second: two blocks on pictures of 8 x 8."""
    settings = {"epochs": 2, "batch_size": 32, "learning_rate": 5e-3, **training}
    return CnnRunConfig(
        name="Small run",
        dataset_id=dataset.id,
        split_id=current_split(dataset).id,
        classes=dataset.classes,
        preprocessing=Preprocessing.of((8, 8), ColorMode.GREY),
        cnn=SMALL_CNN,
        training=TrainingConfig(**settings),
    )


def write_digits(folder: Path, most: int | None = None) -> None:
    """The first `most` digits, or all, below `folder`, one sub-folder a class."""
    for index, name in enumerate(digit_names()[:most]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(digit_png(index))
