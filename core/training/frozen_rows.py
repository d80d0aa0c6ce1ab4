"""What a frozen part makes of pictures, as rows on the disk and as batches for the rest of a network."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import torch
from torch import Tensor

from core.data.augmentation_config import Augmentation
from core.layers.shapes import Shape
from core.training.batches import Batch, epoch_order, read_ahead
from core.training.config import Precision
from core.training.run_data import LabeledPictures
from core.training.together import own_part

_DTYPES = {Precision.FLOAT32: torch.float32, Precision.BFLOAT16: torch.bfloat16}
_DTYPE_OF_BYTES = {dtype.itemsize: dtype for dtype in _DTYPES.values()}


@dataclass(frozen=True)
class RowFormat:
    """A tensor of `shape` a picture in these numbers; maps (C, H, W) lie channels last."""

    shape: Shape
    precision: Precision

    @property
    def dtype(self) -> torch.dtype:
        return _DTYPES[self.precision]

    @property
    def bytes(self) -> int:
        """Of one row."""
        return prod(self.shape) * self.dtype.itemsize

    def packed(self, values: Tensor) -> np.ndarray:
        """(B, *shape) on any device as uint8 (B, bytes)."""
        if len(self.shape) == 3:
            values = values.permute(0, 2, 3, 1)
        kept = values.to("cpu", self.dtype).contiguous()
        return kept.view(len(kept), -1).view(torch.uint8).numpy()


def unpacked(rows: Tensor, shape: Shape) -> Tensor:
    """What was packed, uint8 (B, bytes), as float32 (B, *shape); a row's length tells its numbers."""
    packed = rows.view(len(rows), -1)
    values = packed.view(_DTYPE_OF_BYTES[packed.shape[1] // prod(shape)]).float()
    if len(shape) == 3:
        channels, height, width = shape
        return values.view(-1, height, width, channels).permute(0, 3, 1, 2)
    return values.view(-1, *shape)


@dataclass(frozen=True)
class FrozenPictures(LabeledPictures):
    """Pictures whose rows hold what a frozen part makes of them: `views` rows a picture, one by one."""

    views: int = 1


class FrozenBatcher:
    """Makes batches of what `FrozenPictures` hold, on `device`: maps or vectors of the shape `receives`.

    In each epoch a picture shows another of its views, one in `views` epochs each.
    """

    def __init__(
        self, receives: Shape, side: tuple[int, int], device: torch.device, *, channels_last: bool = True
    ) -> None:
        self.device, self.channels_last, self._receives = device, channels_last, receives
        is_vector = len(receives) == 1
        self.side = (1, 1) if is_vector else side  # what follows a map takes as much memory as the backbone

    def train_batches(
        self,
        data: LabeledPictures,
        batch_size: int,
        augmentation: Augmentation,
        seed: int,
        epoch: int,
        *,
        start: int = 0,
    ) -> Generator[Batch, None, None]:
        """One epoch, shuffled as `seed` and `epoch` decide, from batch `start` on."""
        order = epoch_order(len(data), batch_size, seed, epoch)[start:]
        parts = self._batches(in_epoch(data, epoch), [own_part(batch) for batch in order])
        for batch, part in zip(order, parts, strict=True):
            yield replace(part, of=len(batch))

    def plain_batches(self, data: LabeledPictures, batch_size: int) -> Iterator[Batch]:
        """Every picture once, in order."""
        yield from self._batches(data, list(torch.arange(len(data)).split(batch_size)))

    def _batches(self, data: LabeledPictures, order: list[Tensor]) -> Iterator[Batch]:
        for rows, labels in read_ahead(data, order, self.device):
            values = unpacked(rows, self._receives)
            yield Batch(values if self.channels_last else values.contiguous(), labels)


def in_epoch(data: LabeledPictures, epoch: int) -> LabeledPictures:
    """`data` with the rows that it shows in `epoch`, which counts from 1."""
    if not isinstance(data, FrozenPictures) or data.views == 1:
        return data
    view = (np.arange(len(data)) + epoch - 1) % data.views
    return LabeledPictures(data.pixels, data.rows * data.views + view, data.labels)
