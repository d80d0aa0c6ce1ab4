from dataclasses import dataclass

import numpy as np
import pytest
import torch

from core.data.augmentation_config import Augmentation
from core.data.preprocessing import ColorMode, Preprocessing
from core.training.batches import Batcher, epoch_order
from core.training.run_data import LabeledPictures

PREPROCESSING = Preprocessing.of((4, 5), ColorMode.RGB)


@dataclass
class InMemory:
    pixels: np.ndarray

    def read(self, rows: np.ndarray) -> np.ndarray:
        return self.pixels[rows]


@pytest.fixture
def data() -> LabeledPictures:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 4, 5, 3), dtype=np.uint8)
    rows = np.array([3, 5, 7, 9, 11, 13, 15])
    return LabeledPictures(InMemory(pixels), rows, rows % 3)


@pytest.mark.parametrize(("count", "batch_size"), [(10, 3), (10, 5), (9, 4), (1, 4), (33, 32), (7, 1)])
def test_an_epoch_shows_every_picture_once(count: int, batch_size: int) -> None:
    order = epoch_order(count, batch_size, seed=0, epoch=1)
    assert sorted(torch.cat(order).tolist()) == list(range(count))
    if batch_size > 1 and count > 1:
        assert min(len(batch) for batch in order) > 1


def test_order_depends_on_seed_and_epoch_alone() -> None:
    first = torch.cat(epoch_order(50, 8, seed=1, epoch=1))
    assert torch.equal(first, torch.cat(epoch_order(50, 16, seed=1, epoch=1)))
    assert not torch.equal(first, torch.cat(epoch_order(50, 8, seed=1, epoch=2)))
    assert not torch.equal(first, torch.cat(epoch_order(50, 8, seed=2, epoch=1)))


def test_training_and_prediction_normalize_alike(data: LabeledPictures) -> None:
    batcher = Batcher(PREPROCESSING, torch.device("cpu"))
    pictures, labels = next(iter(batcher.plain_batches(data, 32)))
    assert pictures.shape == (7, 3, 4, 5)
    assert np.array_equal(pictures.numpy(), PREPROCESSING.normalized(data.pixels.read(data.rows)))
    assert labels.tolist() == data.labels.tolist()


def test_train_batches_keep_pictures_and_labels_together(data: LabeledPictures) -> None:
    batcher = Batcher(PREPROCESSING, torch.device("cpu"))
    plain, labels = next(iter(batcher.plain_batches(data, 32)))
    known = {picture.numpy().tobytes(): int(label) for picture, label in zip(plain, labels, strict=True)}
    seen = 0
    for pictures, labels in batcher.train_batches(data, 3, Augmentation(), seed=0, epoch=1):
        for picture, label in zip(pictures, labels, strict=True):
            assert known[picture.numpy().tobytes()] == int(label)
            seen += 1
    assert seen == len(data)
