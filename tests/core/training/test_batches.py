import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.data.augmentation_config import Augmentation
from core.data.preprocessing import ColorMode, Preprocessing
from core.training.batches import Batch, Batcher, batches_an_epoch, draws_of, epoch_order
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
    batch = next(iter(batcher.plain_batches(data, 32)))
    pictures, labels = batch.pictures, batch.labels
    assert pictures.shape == (7, 3, 4, 5)
    assert np.array_equal(pictures.numpy(), PREPROCESSING.normalized(data.pixels.read(data.rows)))
    assert labels.tolist() == data.labels.tolist()


def test_train_batches_keep_pictures_and_labels_together(data: LabeledPictures) -> None:
    batcher = Batcher(PREPROCESSING, torch.device("cpu"))
    plain = next(iter(batcher.plain_batches(data, 32)))
    pairs = zip(plain.pictures, plain.labels, strict=True)
    known = {picture.numpy().tobytes(): int(label) for picture, label in pairs}
    seen = 0
    for batch in batcher.train_batches(data, 3, Augmentation(), seed=0, epoch=1):
        for picture, label in zip(batch.pictures, batch.labels, strict=True):
            assert known[picture.numpy().tobytes()] == int(label)
            seen += 1
    assert seen == len(data)


CPU = torch.device("cpu")
CHANGES = Augmentation(horizontal_flip=True, rotation=30, crop=0.7, brightness=0.3)


def same(ours: Iterable[Batch], theirs: Iterable[Batch]) -> bool:
    return all(
        torch.equal(a.pictures, b.pictures) and torch.equal(a.labels, b.labels)
        for a, b in zip(ours, theirs, strict=True)
    )


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_number_of_batches_is_known_without_making_them(count: int, batch_size: int) -> None:
    assert batches_an_epoch(count, batch_size) == len(epoch_order(count, batch_size, seed=0, epoch=1))


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_an_epoch_can_begin_at_any_batch(data: LabeledPictures, start: int) -> None:
    """Augmented as if those before it had been drawn."""
    batcher = Batcher(PREPROCESSING, CPU)
    whole = list(batcher.train_batches(data, 2, CHANGES, seed=1, epoch=2))
    assert len(whole) == 3
    assert same(batcher.train_batches(data, 2, CHANGES, seed=1, epoch=2, start=start), whole[start:])


def test_every_batch_has_draws_of_its_own() -> None:
    places = [(seed, epoch, batch) for seed in (0, 1) for epoch in (1, 2) for batch in (0, 1, 2)]
    draws = [torch.rand(4, generator=draws_of(*place)) for place in places]
    again = [torch.rand(4, generator=draws_of(*place)) for place in places]
    assert all(map(torch.equal, draws, again))
    assert len({tuple(drawn.tolist()) for drawn in draws}) == len(places)


def test_pictures_in_the_memory_of_the_device_make_the_same_batches(data: LabeledPictures) -> None:
    batcher = Batcher(PREPROCESSING, CPU)
    there = batcher.on_device(data)
    assert there.on_device is not None
    assert (there.on_device.shape, there.on_device.dtype) == ((7, 4, 5, 3), torch.uint8)
    assert same(batcher.plain_batches(there, 3), batcher.plain_batches(data, 3))
    for start in (0, 2):
        ours, theirs = (
            batcher.train_batches(each, 2, CHANGES, seed=0, epoch=1, start=start) for each in (there, data)
        )
        assert same(ours, theirs)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gets_the_same_batches_from_its_memory_as_from_the_disk(data: LabeledPictures) -> None:
    batcher, plain = Batcher(PREPROCESSING, torch.device("cuda:0")), Batcher(PREPROCESSING, CPU)
    there = batcher.on_device(data)
    assert there.on_device is not None
    assert there.on_device.is_cuda
    assert same(batcher.plain_batches(there, 3), batcher.plain_batches(data, 3))
    changed = [batcher.train_batches(each, 2, CHANGES, seed=0, epoch=1) for each in (there, data)]
    assert same(*changed)
    unchanged = batcher.train_batches(there, 2, Augmentation(), seed=0, epoch=1)
    for ours, theirs in zip(unchanged, plain.train_batches(data, 2, Augmentation(), 0, 1), strict=True):
        assert torch.allclose(ours.pictures.cpu(), theirs.pictures, atol=1e-6)
        assert torch.equal(ours.labels.cpu(), theirs.labels)


@pytest.mark.parametrize("changes", [Augmentation(), CHANGES])
def test_the_layout_is_the_networks_and_changes_no_value(
    data: LabeledPictures, changes: Augmentation
) -> None:
    last, first = (Batcher(PREPROCESSING, CPU, channels_last=choice) for choice in (True, False))
    for ours, theirs in zip(
        last.train_batches(data, 4, changes, 0, 1), first.train_batches(data, 4, changes, 0, 1), strict=True
    ):
        assert ours.pictures.is_contiguous(memory_format=torch.channels_last)
        assert theirs.pictures.is_contiguous()
        assert torch.equal(ours.pictures, theirs.pictures)


def test_an_epoch_that_is_left_early_leaves_no_thread(data: LabeledPictures) -> None:
    stream = Batcher(PREPROCESSING, CPU).train_batches(data, 1, Augmentation(), seed=0, epoch=1)
    next(stream)
    reading = [thread for thread in threading.enumerate() if thread.name == "batches ahead"]
    assert len(reading) == 1
    stream.close()
    assert not reading[0].is_alive()
