from pathlib import Path

import pytest
from PIL import Image

from core.data.dataset import Dataset
from core.data.report import ClassCount, SizeCount, describe
from core.data.splitting import current_split
from core.workspace import Workspace
from tests.core.data.bringing import bring, encoded, png, write_tree

WIDE = encoded(Image.new("L", (30, 5)))


@pytest.fixture
def dataset(tmp_path: Path, workspace: Workspace) -> Dataset:
    files = {
        "train/cat/1.png": png(1),
        "train/cat/2.png": png(2),
        "train/cat/wide.png": WIDE,
        "train/dog/3.png": png(3),
        "valid/dog/4.png": png(4),
        "valid/cat/5.png": png(5),
        "test/cat/1 again.png": png(1),
        "test/dog/2 as a dog.png": png(2),
        "test/cat/6.png": png(6),
    }
    return bring(workspace, write_tree(tmp_path / "pets", files))


def test_balance_sizes_modes_and_formats(dataset: Dataset) -> None:
    report = describe(dataset, current_split(dataset))
    assert report.classes == (ClassCount("cat", 6, 4, 1, 1), ClassCount("dog", 3, 2, 1, 0))
    assert report.imbalance == 2
    assert report.sizes == (SizeCount(10, 12, 8), SizeCount(30, 5, 1))
    assert report.modes == (("RGB", 8), ("L", 1))
    assert report.formats == (("PNG", 9),)


def test_counts_add_up(dataset: Dataset) -> None:
    report = describe(dataset, current_split(dataset))
    assert all(row.train + row.valid + row.test == row.pictures for row in report.classes)
    for counts in (
        [row.pictures for row in report.classes],
        [size.pictures for size in report.sizes],
        [n for _, n in report.modes],
        [n for _, n in report.formats],
    ):
        assert sum(counts) == len(dataset.pictures)


def test_copies_conflicts_and_leaks(dataset: Dataset) -> None:
    report = describe(dataset, current_split(dataset))
    names = [{dataset.pictures[index].name for index in group.indices} for group in report.copies]
    assert {"train/cat/1.png", "test/cat/1 again.png"} in names
    assert {"train/cat/2.png", "test/dog/2 as a dog.png"} in names
    assert len(report.copies) == len(report.leaks) == 2
    (conflict,) = report.conflicts
    assert conflict.labels == ("cat", "dog")
    assert conflict.given_splits == ("train", "test")
