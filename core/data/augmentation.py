"""Random changes to a whole batch at once, each picture drawing its own, as in torchvision.transforms.v2."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.augmentation_config import Augmentation


def augment(batch: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """A changed copy of `batch`, float (B, C, H, W) in [0, 1]; values stay in [0, 1].

    `generator` (on the CPU) decides every draw: the same seed gives the same pictures on any device.
    """
    if settings.is_off:
        return batch
    moved = _move(batch, settings, generator)
    return _recolor(moved, settings, generator)


def _move(batch: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """Crop, flips and rotation as one affine resampling; flips alone are exact copies."""
    count, _, height, width = batch.shape
    flip_x = _coins(count, settings.horizontal_flip, generator)
    flip_y = _coins(count, settings.vertical_flip, generator)
    if settings.rotation == 0 and settings.crop == 1:
        flipped = torch.where(_per_picture(flip_x < 0, batch), batch.flip(3), batch)
        return torch.where(_per_picture(flip_y < 0, batch), flipped.flip(2), flipped)
    angle = _uniform(count, -settings.rotation, settings.rotation, generator) * math.pi / 180
    crop_height, crop_width, top, left = _crops(count, height, width, settings.crop, generator)
    center_y = (2 * top + crop_height) / height - 1
    center_x = (2 * left + crop_width) / width - 1
    scale_y, scale_x = crop_height / height, crop_width / width
    cos, sin, aspect = torch.cos(angle), torch.sin(angle), width / height
    row_x = torch.stack([flip_x * scale_x * cos, -flip_y * scale_y * sin / aspect, center_x], 1)
    row_y = torch.stack([flip_x * scale_x * sin * aspect, flip_y * scale_y * cos, center_y], 1)
    theta = torch.stack([row_x, row_y], 1).to(batch.device)
    grid = F.affine_grid(theta, list(batch.shape), align_corners=False)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="zeros", align_corners=False).clamp(0, 1)


def _crops(
    count: int, height: int, width: int, smallest: float, generator: torch.Generator
) -> tuple[Tensor, ...]:
    """Height, width, top and left (pixels) of a crop a picture, drawn as RandomResizedCrop does."""
    if smallest == 1:
        full_height, full_width = torch.full((count,), float(height)), torch.full((count,), float(width))
        return full_height, full_width, torch.zeros(count), torch.zeros(count)
    area = _uniform(count, smallest, 1.0, generator) * height * width
    log_ratio = _uniform(count, math.log(3 / 4), math.log(4 / 3), generator)
    ratio = torch.exp(log_ratio) * width / height
    crop_height = torch.sqrt(area / ratio).clamp(1, height)
    crop_width = torch.sqrt(area * ratio).clamp(1, width)
    top = _uniform(count, 0, 1, generator) * (height - crop_height)
    left = _uniform(count, 0, 1, generator) * (width - crop_width)
    return crop_height, crop_width, top, left


def _recolor(batch: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    count = len(batch)
    if settings.brightness:
        batch = (batch * _factors(count, settings.brightness, batch, generator)).clamp(0, 1)
    if settings.contrast:
        mean = _grey(batch).mean(dim=(1, 2, 3), keepdim=True)
        batch = _blend(batch, mean, _factors(count, settings.contrast, batch, generator))
    if settings.saturation and batch.shape[1] == 3:
        batch = _blend(batch, _grey(batch), _factors(count, settings.saturation, batch, generator))
    return batch


def _blend(batch: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return (other + factor * (batch - other)).clamp(0, 1)


def _grey(batch: Tensor) -> Tensor:
    """Luma of ITU-R BT.601, (B, 1, H, W)."""
    if batch.shape[1] == 1:
        return batch
    weights = batch.new_tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)
    return (batch * weights).sum(1, keepdim=True)


def _factors(count: int, strength: float, batch: Tensor, generator: torch.Generator) -> Tensor:
    return _per_picture(_uniform(count, 1 - strength, 1 + strength, generator), batch)


def _coins(count: int, on: bool, generator: torch.Generator) -> Tensor:
    """-1 (flip) or 1 for each picture."""
    if not on:
        return torch.ones(count)
    return torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=generator)


def _per_picture(values: Tensor, batch: Tensor) -> Tensor:
    return values.to(batch.device).view(-1, 1, 1, 1)
