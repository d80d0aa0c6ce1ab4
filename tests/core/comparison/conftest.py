from pathlib import Path

import pytest

from core.data.dataset import Dataset
from core.data.sample_digits import digit_names, digit_png
from core.data.splitting import SplitSettings, make_split, save_split
from core.workspace import open_workspace
from tests.digits import import_folder
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]

CLASSES = ("0", "1")
A_CLASS = 24  # pictures


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Two digits, half of their pictures for the test, in a workspace of their own."""
    folder = tmp_path_factory.mktemp("routes")
    _write_few_digits(folder / "pictures")
    dataset = import_folder(open_workspace(folder / "home"), folder / "pictures", "Two digits")
    save_split(dataset, make_split(dataset, SplitSettings(valid=0.1, test=0.5)))
    return dataset


def _write_few_digits(folder: Path) -> None:
    left = dict.fromkeys(CLASSES, A_CLASS)
    for index, name in enumerate(digit_names()):
        label = name.split("/")[0]
        if left.get(label, 0):
            left[label] -= 1
            (folder / label).mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(digit_png(index))
