import numpy as np
import pytest
import torch

from core.data.augmentation_config import Augmentation
from core.training.config import Precision
from core.training.frozen_rows import FrozenBatcher, FrozenPictures, RowFormat, in_epoch, unpacked

CPU = torch.device("cpu")


class Memory:
    """Rows in memory, uint8 (N, bytes, 1, 1) as a file of rows gives them."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows[..., None, None]

    def read(self, rows) -> np.ndarray:
        return self.rows[np.asarray(rows)]


@pytest.mark.parametrize("shape", [(6,), (4, 6), (3, 4, 5)])
@pytest.mark.parametrize(
    ("precision", "dtype"), [(Precision.FLOAT32, torch.float32), (Precision.BFLOAT16, torch.bfloat16)]
)
def test_what_is_packed_comes_back(shape: tuple[int, ...], precision: Precision, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    rows = RowFormat(shape, precision)
    values = torch.randn(5, *shape).to(dtype)
    packed = rows.packed(values)
    assert (packed.dtype, packed.shape) == (np.uint8, (5, rows.bytes))
    back = unpacked(torch.from_numpy(packed), shape)
    assert back.dtype == torch.float32
    assert torch.equal(back, values.float())
    if len(shape) == 3:
        assert back.is_contiguous(memory_format=torch.channels_last)


def test_a_last_piece_of_one_picture_comes_back() -> None:
    rows = RowFormat((2, 3, 3), Precision.FLOAT32)
    values = torch.arange(18.0).view(1, 2, 3, 3)
    assert torch.equal(unpacked(torch.from_numpy(rows.packed(values)), rows.shape), values)


def views(count: int, pictures: int = 10) -> tuple[FrozenPictures, FrozenBatcher]:
    """Row `10 * picture + view` holds that number."""
    rows = RowFormat((1,), Precision.FLOAT32)
    numbers = torch.tensor([[10.0 * picture + view] for picture in range(pictures) for view in range(count)])
    data = FrozenPictures(
        Memory(rows.packed(numbers)), np.arange(pictures), np.arange(pictures) % 3, views=count
    )
    return data, FrozenBatcher(rows.shape, (224, 224), CPU)


def test_every_view_of_a_picture_is_shown_once_in_as_many_epochs() -> None:
    data, batcher = views(3)
    seen = []
    for epoch in (1, 2, 3):
        batches = list(batcher.train_batches(data, 4, Augmentation(), 0, epoch))
        numbers = torch.cat([batch.pictures for batch in batches]).flatten()
        pictures = numbers.int() // 10
        assert sorted(pictures.tolist()) == list(range(10))
        assert torch.equal(torch.cat([batch.labels for batch in batches]), (pictures % 3).long())
        seen += numbers.tolist()
    assert len(set(seen)) == 30


def test_an_epoch_can_begin_at_any_batch() -> None:
    data, batcher = views(2)
    whole = list(batcher.train_batches(data, 3, Augmentation(), 5, 4))
    rest = list(batcher.train_batches(data, 3, Augmentation(), 5, 4, start=2))
    assert len(rest) == len(whole) - 2
    for one, other in zip(whole[2:], rest, strict=True):
        assert torch.equal(one.pictures, other.pictures)


def test_plain_batches_come_in_order_and_vectors_go_in_large_ones() -> None:
    data, batcher = views(1)
    assert in_epoch(data, 7) is data
    numbers = torch.cat([batch.pictures for batch in batcher.plain_batches(data, 4)]).flatten()
    assert numbers.tolist() == [10.0 * picture for picture in range(10)]
    assert batcher.side == (1, 1)
    maps = FrozenBatcher((8, 7, 7), (224, 224), CPU)
    assert maps.side == (224, 224)
