"""A trained network with its preprocessing before it and its probabilities behind, as one module."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.models.backbone_preprocessing import MOST_PIXELS, BackbonePreprocessing, Interpolation
from core.models.saved_model import Saved
from core.serving.export.resampling import EXACT, Axis, resized, weights
from core.training.config import Loss
from core.training.objective import probabilities

GREY = (19595, 38470, 7471)  # of 65536: Pillow's "L" of red, green and blue


class Sides(NamedTuple):
    """Height and width, 0-dimensional float64."""

    height: Tensor
    width: Tensor


class Placed(NamedTuple):
    """Both axes of the result, and the `size` that the whole picture is resized to on the way."""

    rows: Axis
    columns: Axis
    size: Sides


class WholeNetwork(nn.Module):
    """From pictures as they are decoded, uint8 RGB (B, H, W, 3), to class probabilities (B, K), float32.

    The pixels that the network receives are those of `Preprocessing.pixels`, bit for bit.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, saved: Saved, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.receives = saved.preprocessing
        self.loss = Loss.SINGLE_LOGIT if saved.single_logit else Loss.CROSS_ENTROPY
        self.temperature = temperature
        for name, values in (("mean", self.receives.mean), ("std", self.receives.std)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32).view(-1, 1, 1))

    def forward(self, picture: Tensor) -> Tensor:
        x = (self.pixels(picture).float() / 255 - self.mean) / self.std
        return probabilities(self.network(x) / self.temperature, self.loss)

    def pixels(self, picture: Tensor) -> Tensor:
        """uint8 (B, H, W, 3) as the values 0..255 (B, C, h, w), float64, that the network receives."""
        channels = picture.permute(0, 3, 1, 2)
        height, width = picture.shape[1:3]
        before = Sides(torch.scalar_tensor(height, dtype=EXACT), torch.scalar_tensor(width, dtype=EXACT))
        receives = self.receives
        if isinstance(receives, BackbonePreprocessing):
            placed, interpolation = _middle_of(receives, before), receives.interpolation
        else:
            placed, interpolation = _PLACED[receives.resize](receives, before), Interpolation.BILINEAR
            if receives.color is ColorMode.GREY:
                channels = _grey(channels)
        # Pillow's own rule, by which the second pass has less to do.
        shorter, narrower = before.height - placed.size.height, before.width - placed.size.width
        return resized(
            channels.to(EXACT),
            weights(placed.rows, height, interpolation),
            weights(placed.columns, width, interpolation),
            (shorter > 0) & (shorter > 2 * narrower),
        )


def _grey(channels: Tensor) -> Tensor:
    """(B, 3, H, W) as (B, 1, H, W); float32 has all numbers below 2^24 exactly."""
    red, green, blue = (GREY[k] * channels[:, k : k + 1].float() for k in range(3))
    return ((red + green + blue + 32768) / 65536).floor()


def _stretched(receives: Preprocessing, before: Sides) -> Placed:
    return Placed(
        _all(before.height, receives.height),
        _all(before.width, receives.width),
        _sides(receives.height, receives.width),
    )


def _cropped(receives: Preprocessing, before: Sides) -> Placed:
    """As ImageOps.fit: the largest middle part of the wanted shape."""
    wanted, shape = receives.width / receives.height, before.width / before.height
    width = torch.where(shape > wanted, wanted * before.height, before.width)
    height = torch.where(shape < wanted, before.width / wanted, before.height)
    left, top = (before.width - width) * 0.5, (before.height - height) * 0.5
    return Placed(
        _part(top, top + height, receives.height),
        _part(left, left + width, receives.width),
        _sides(receives.height, receives.width),
    )


def _padded(receives: Preprocessing, before: Sides) -> Placed:
    """As ImageOps.pad: all of the picture, in the middle, with black beside it."""
    wanted, shape = receives.width / receives.height, before.width / before.height
    full = _sides(receives.height, receives.width)
    height = torch.where(shape > wanted, (before.height / before.width * receives.width).round(), full.height)
    width = torch.where(shape < wanted, (before.width / before.height * receives.height).round(), full.width)

    def axis(size: Tensor, after: Tensor, places: int) -> Axis:
        shift = ((places - after) * 0.5).round()
        zero = torch.zeros((), dtype=EXACT)
        return Axis(zero, size / after, torch.arange(places, dtype=EXACT) - shift, after)

    return Placed(
        axis(before.height, height, receives.height),
        axis(before.width, width, receives.width),
        Sides(height, width),
    )


_PLACED = {Resize.STRETCH: _stretched, Resize.CROP: _cropped, Resize.PAD: _padded}


def _middle_of(receives: BackbonePreprocessing, before: Sides) -> Placed:
    """The middle of the picture whose short side was resized; as `BackbonePreprocessing.pixels`."""
    crop = receives.crop
    short = torch.minimum(before.height, before.width)
    long = torch.maximum(before.height, before.width)
    along = (receives.resize * long / short).floor()
    wide = before.width > before.height
    after = Sides(torch.where(wide, receives.resize, along), torch.where(wide, along, receives.resize))
    too_large = after.height * after.width > MOST_PIXELS

    def axis(size: Tensor, after: Tensor) -> Axis:
        """Of the whole resized picture; of one that would be too large, of the part alone."""
        first = ((after - crop) / 2).round()
        step = size / after
        part = _part(first * step, torch.minimum((first + crop) * step, size), crop)
        places = torch.arange(crop, dtype=EXACT)
        return Axis(
            torch.where(too_large, part.start, 0.0),
            torch.where(too_large, part.scale, step),
            torch.where(too_large, places, places + first),
            after,
        )

    cut = _sides(crop, crop)
    return Placed(
        axis(before.height, after.height),
        axis(before.width, after.width),
        Sides(*(torch.where(too_large, one, all_) for one, all_ in zip(cut, after, strict=True))),
    )


def _all(size: Tensor, places: int) -> Axis:
    """`size` pixels to as many places."""
    zero, end = torch.zeros((), dtype=EXACT), torch.scalar_tensor(places, dtype=EXACT)
    return Axis(zero, size / places, torch.arange(places, dtype=EXACT), end)


def _part(start: Tensor, end: Tensor, places: int) -> Axis:
    """From `start` to `end` in pixels, which Pillow takes as float32."""
    start, end = start.float(), end.float()
    return Axis(
        start.to(EXACT),
        (end - start).to(EXACT) / places,
        torch.arange(places, dtype=EXACT),
        torch.scalar_tensor(places, dtype=EXACT),
    )


def _sides(height: int, width: int) -> Sides:
    return Sides(torch.scalar_tensor(height, dtype=EXACT), torch.scalar_tensor(width, dtype=EXACT))
