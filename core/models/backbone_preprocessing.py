"""What a picture goes through before it reaches a backbone, as its weights were trained. No torch."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image

from core.errors import ConfigError
from core.limits import check_range

CHANNELS = 3
MOST_SIDE = 2048  # pixels
MOST_PIXELS = 25_000_000  # of a resized picture, of which the crop is a small part


class Interpolation(StrEnum):
    """How a picture is resized: Pillow's filters of these names, always with antialiasing."""

    BILINEAR = "bilinear"
    BICUBIC = "bicubic"

    @property
    def resampling(self) -> Image.Resampling:
        return Image.Resampling[self.name]


@dataclass(frozen=True)
class BackbonePreprocessing:
    """The short side becomes `resize` pixels, the middle `crop` x `crop` of that stays, and each channel is
    normalized as (x / 255 - mean) / std: torchvision's `ImageClassification` on a PIL picture.
    """

    resize: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: Interpolation = Interpolation.BILINEAR

    def __post_init__(self) -> None:
        check_range("crop in pixels", self.crop, 1, MOST_SIDE)
        check_range("short side in pixels", self.resize, self.crop, MOST_SIDE)
        if not len(self.mean) == len(self.std) == CHANNELS or min(self.std) <= 0:
            raise ConfigError(
                "The normalization doesn't fit a colour picture.",
                expected=f"{CHANNELS} means, and {CHANNELS} deviations over 0",
                found=f"{self.mean} and {self.std}",
                fix="Give one mean and one deviation a channel.",
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return (CHANNELS, self.crop, self.crop)

    @property
    def pixels_key(self) -> str:
        """All that decides what `pixels` makes of a picture."""
        return f"{self.crop} of {self.resize} {self.interpolation}"

    @property
    def at_least(self) -> tuple[int, int]:
        """(height, width) in pixels that a picture is to be decoded at: the resized short side, both ways,
        for either can be the short one.
        """
        return (self.resize, self.resize)

    def pixels(self, picture: Image.Image) -> np.ndarray:
        """`picture` (RGB or grey) as uint8 (crop, crop, 3)."""
        picture = picture.convert("RGB")
        width, height = self._resized(picture.size)
        left, top = round((width - self.crop) / 2), round((height - self.crop) / 2)
        box = (left, top, left + self.crop, top + self.crop)
        if width * height > MOST_PIXELS:
            return np.asarray(self._middle(picture, box, picture.width / width, picture.height / height))
        if picture.size != (width, height):
            picture = picture.resize((width, height), self.interpolation.resampling)
        return np.asarray(picture.crop(box))

    def normalized(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (B, H, W, C) as the float32 (B, C, H, W) that enters the network."""
        scaled = pixels.astype(np.float32) / 255
        scaled = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))

    def _resized(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of a picture of `size` (width, height) after resizing."""
        width, height = size
        along = int(self.resize * max(size) / min(size))
        return (self.resize, along) if width <= height else (along, self.resize)

    def _middle(
        self, picture: Image.Image, box: tuple[int, int, int, int], across: float, down: float
    ) -> Image.Image:
        """What `box` (left, top, right, bottom) cuts out of the resized picture, without the rest of that.

        A pixel of it is `across` and `down` of the picture's; rounding may differ by 2 of 255.
        """
        left, top, right, bottom = box
        right_edge, bottom_edge = min(right * across, picture.width), min(bottom * down, picture.height)
        source = (left * across, top * down, right_edge, bottom_edge)
        return picture.resize((self.crop, self.crop), self.interpolation.resampling, source)
