"""From the pixel cache to batches: the order of an epoch, the seeds of its draws, and the tensors."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.data.augmentation import augment
from core.data.augmentation_config import Augmentation
from core.data.preprocessing import Preprocessing


@dataclass(frozen=True)
class LabeledPictures:
    """Pictures `rows` of a pixel cache (uint8, (N, H, W, C)) with the class index of each row."""

    pixels: np.ndarray
    rows: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def epoch_seed(seed: int, epoch: int) -> int:
    """The seed of all that is random in one epoch; any epoch can be repeated without those before it."""
    return seed * 1_000_003 + epoch


def epoch_order(count: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Positions 0..count-1, shuffled for this epoch and cut into batches.

    A last batch of one picture joins the one before it: batch norm can't be trained on one value.
    """
    shuffled = torch.randperm(count, generator=torch.Generator().manual_seed(epoch_seed(seed, epoch)))
    batches = list(shuffled.split(batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


class Batcher:
    """Makes network inputs on `device`: float (B, C, H, W), normalized, and labels (B,)."""

    def __init__(self, preprocessing: Preprocessing, device: torch.device) -> None:
        self.device = device
        self.mean = torch.tensor(preprocessing.mean, device=device).view(1, -1, 1, 1)
        self.std = torch.tensor(preprocessing.std, device=device).view(1, -1, 1, 1)

    def unit_range(self, pixels: np.ndarray) -> Tensor:
        """uint8 (B, H, W, C) to float (B, C, H, W) in [0, 1], on the device, channels last in memory."""
        on_device = torch.from_numpy(pixels).to(self.device)
        return on_device.permute(0, 3, 1, 2).to(torch.float32).div_(255)

    def normalized(self, batch: Tensor) -> Tensor:
        return (batch - self.mean) / self.std

    def train_batches(
        self, data: LabeledPictures, batch_size: int, augmentation: Augmentation, seed: int, epoch: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch: shuffled and augmented as `seed` and `epoch` decide."""
        draws = torch.Generator().manual_seed(epoch_seed(seed, epoch) + 1)
        for positions in epoch_order(len(data), batch_size, seed, epoch):
            chosen = positions.numpy()
            pictures = augment(self.unit_range(data.pixels[data.rows[chosen]]), augmentation, draws)
            yield self.normalized(pictures), torch.from_numpy(data.labels[chosen]).to(self.device)

    def plain_batches(self, data: LabeledPictures, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Every picture once, in order, unchanged."""
        for start in range(0, len(data), batch_size):
            chosen = slice(start, start + batch_size)
            pictures = self.unit_range(data.pixels[data.rows[chosen]])
            yield self.normalized(pictures), torch.from_numpy(data.labels[chosen]).to(self.device)
