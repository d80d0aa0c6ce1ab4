"""From the pixel cache to batches: the order of an epoch, the seeds of its draws, and the tensors."""

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from core.data.augmentation import augment
from core.data.augmentation_config import Augmentation
from core.data.receives import Receives
from core.training.prefetch import ahead
from core.training.run_data import LabeledPictures
from core.training.together import own_part, place

AHEAD = 3  # batches that are read while the network is busy with another


@dataclass(frozen=True)
class Batch:
    """Network inputs (B, C, H, W), float and normalized, and class indices (B,), both on the device.

    `of` is how many pictures all processes that train together have of this batch; None where they are B.
    """

    pictures: Tensor
    labels: Tensor
    of: int | None = None

    @property
    def whole(self) -> int:
        """Pictures of the batch, wherever they are."""
        return len(self.labels) if self.of is None else self.of


def epoch_seed(seed: int, epoch: int) -> int:
    """The seed of all that is random in one epoch; any epoch can be repeated without those before it."""
    return seed * 1_000_003 + epoch


def draws_of(seed: int, epoch: int, batch: int) -> torch.Generator:
    """What draws the augmentation of one batch (counted from 0), whatever was drawn before.

    Of processes that train together, each draws for its part.
    """
    number, processes = place()
    batch = batch * processes + number
    return torch.Generator().manual_seed((epoch_seed(seed, epoch) + 1) * 1_000_003 + batch)


def epoch_order(count: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Positions 0..count-1, shuffled for this epoch and cut into batches.

    A last batch of one picture joins the one before it: batch norm can't be trained on one value.
    """
    shuffled = torch.randperm(count, generator=torch.Generator().manual_seed(epoch_seed(seed, epoch)))
    return parts_of(shuffled, batch_size)


def batches_an_epoch(count: int, batch_size: int) -> int:
    """How many batches `epoch_order` makes."""
    batches = -(-count // batch_size)
    lonely = batches > 1 and count - (batches - 1) * batch_size == 1
    return batches - lonely


def parts_of(values: Tensor, size: int) -> list[Tensor]:
    """`values` in parts of `size`; a last one of a single value joins the one before it."""
    parts = list(values.split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def unit_range(pixels: Tensor) -> Tensor:
    """uint8 as float in [0, 1], of the same shape."""
    return pixels.to(torch.float32).div_(255)


class Batches(Protocol):
    """Where a loop and an evaluation take their batches from, on `device`; `side` is (height, width) of the
    pictures, after which an evaluation decides how many go together."""

    device: torch.device
    side: tuple[int, int]

    def train_batches(
        self,
        data: LabeledPictures,
        batch_size: int,
        augmentation: Augmentation,
        seed: int,
        epoch: int,
        *,
        start: int = 0,
    ) -> Generator[Batch, None, None]: ...

    def plain_batches(self, data: LabeledPictures, batch_size: int) -> Iterator[Batch]: ...


class Batcher:
    """Makes batches on `device`; reading runs ahead in a thread, so the device doesn't wait for the disk."""

    def __init__(self, preprocessing: Receives, device: torch.device, *, channels_last: bool = True) -> None:
        self.device, self.channels_last = device, channels_last
        _, height, width = preprocessing.shape
        self.side = (height, width)
        self.picture_bytes = math.prod(preprocessing.shape)  # as uint8
        # One value for each column of a row of pixels (W * C wide): such a row is worked on at full
        # speed, where a value a channel (C wide) takes ten times as long.
        self._mean = torch.tensor(preprocessing.mean, device=device).repeat(width)
        self._std = torch.tensor(preprocessing.std, device=device).repeat(width)

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
        """One epoch, shuffled and augmented as `seed` and `epoch` decide, from batch `start` on."""
        order = epoch_order(len(data), batch_size, seed, epoch)[start:]
        parts = read_ahead(data, [own_part(batch) for batch in order], self.device)
        for number, (batch, (pixels, labels)) in enumerate(zip(order, parts, strict=True), start):
            values = unit_range(pixels)
            if not augmentation.is_off:
                draws = draws_of(seed, epoch, number)
                values = augment(values.permute(0, 3, 1, 2), augmentation, draws).permute(0, 2, 3, 1)
            values = self.normalized(values)  # nothing else is held while the network is busy with them
            yield Batch(values, labels, len(batch))

    def plain_batches(self, data: LabeledPictures, batch_size: int) -> Iterator[Batch]:
        """Every picture once, in order, unchanged."""
        order = list(torch.arange(len(data)).split(batch_size))
        for pixels, labels in read_ahead(data, order, self.device):
            yield Batch(self.normalized(unit_range(pixels)), labels)

    def normalized(self, unit: Tensor) -> Tensor:
        """Values in [0, 1], (B, H, W, C), as (B, C, H, W) in the layout of the network."""
        count, height, width, channels = unit.shape
        rows = unit.reshape(count * height, width * channels)
        rows = (rows - self._mean).div_(self._std)
        pictures = rows.view(count, height, width, channels).permute(0, 3, 1, 2)
        return pictures if self.channels_last else pictures.contiguous()

    def on_device(self, data: LabeledPictures) -> LabeledPictures:
        """`data` with all its pixels in the memory of the device."""
        parts = [data.pixels.read(rows) for rows in np.array_split(data.rows, max(1, len(data) // 512))]
        pixels = torch.cat([torch.from_numpy(part).to(self.device) for part in parts])
        return replace(data, on_device=pixels)


def read_ahead(
    data: LabeledPictures, order: Sequence[Tensor], device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows as they are kept, and labels, of the positions in `order`, batch by batch on `device`."""
    if data.on_device is not None:
        labels = torch.from_numpy(data.labels).to(device)
        for positions in order:
            chosen = positions.to(device)
            yield data.on_device[chosen], labels[chosen]
        return
    with closing(ahead((_in_memory(data, positions, device) for positions in order), AHEAD)) as read:
        for pixels, labels in read:
            yield pixels.to(device, non_blocking=True), labels.to(device, non_blocking=True)


def _in_memory(data: LabeledPictures, positions: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """One batch on the processor, in memory from which a GPU can fetch it by itself."""
    chosen = positions.numpy()
    pixels = torch.from_numpy(data.pixels.read(data.rows[chosen]))
    labels = torch.from_numpy(data.labels[chosen])
    return (pixels.pin_memory(), labels.pin_memory()) if device.type == "cuda" else (pixels, labels)
