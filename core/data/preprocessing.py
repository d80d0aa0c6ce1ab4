"""From a decoded picture to what the network receives: one definition, for training and prediction alike."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image, ImageOps

from core.errors import ConfigError


class ColorMode(StrEnum):
    """How many channels a picture has: 1 (grey) or 3 (RGB)."""

    GREY = "grey"
    RGB = "rgb"

    @property
    def channels(self) -> int:
        return 1 if self is ColorMode.GREY else 3

    @property
    def pillow_mode(self) -> str:
        return "L" if self is ColorMode.GREY else "RGB"


class Resize(StrEnum):
    """How a picture of another shape becomes `height` x `width`."""

    STRETCH = "stretch"
    CROP = "crop"
    PAD = "pad"


@dataclass(frozen=True)
class Preprocessing:
    """Size in pixels, colour, and the normalization (x / 255 - mean) / std, one value a channel."""

    height: int = 64
    width: int = 64
    color: ColorMode = ColorMode.RGB
    resize: Resize = Resize.STRETCH
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)

    def __post_init__(self) -> None:
        if not (1 <= self.height <= 2048 and 1 <= self.width <= 2048):
            raise ConfigError(
                "The picture size is out of range.",
                expected="1 to 2048 pixels a side",
                found=f"{self.height} x {self.width}",
                fix="Choose a smaller size; 32 to 256 suits most networks.",
            )
        if not len(self.mean) == len(self.std) == self.color.channels:
            raise ConfigError(
                "The normalization doesn't fit the colours.",
                expected=f"{self.color.channels} means and deviations",
                found=f"{len(self.mean)} and {len(self.std)}",
                fix="Give one mean and one deviation a channel.",
            )
        if min(self.std) <= 0:
            raise ConfigError(
                "A standard deviation is not positive.",
                expected="more than 0",
                found=str(min(self.std)),
                fix="Use 1 for no scaling.",
            )

    @classmethod
    def of(
        cls,
        size: tuple[int, int],
        color: ColorMode,
        *,
        mean: float = 0.5,
        std: float = 0.5,
        resize: Resize = Resize.STRETCH,
    ) -> "Preprocessing":
        """The same mean and deviation for every channel; `size` is (height, width) in pixels."""
        n = color.channels
        return cls(size[0], size[1], color, resize, (mean,) * n, (std,) * n)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return (self.color.channels, self.height, self.width)

    @property
    def pixels_key(self) -> str:
        """All that decides what `pixels` makes of a picture."""
        return f"{self.height}x{self.width} {self.color} {self.resize}"

    @property
    def at_least(self) -> tuple[int, int]:
        """(height, width) in pixels that a picture is to be decoded at."""
        return (self.height, self.width)

    def pixels(self, picture: Image.Image) -> np.ndarray:
        """`picture` (RGB or grey) as the uint8 array (H, W, C) that the network's input is made of.

        Resizing is Pillow's bilinear with antialiasing, as torchvision's `Resize` on a PIL image.
        """
        picture = picture.convert(self.color.pillow_mode)
        size = (self.width, self.height)
        if picture.size != size:
            if self.resize is Resize.STRETCH:
                picture = picture.resize(size, Image.Resampling.BILINEAR)
            elif self.resize is Resize.CROP:
                picture = ImageOps.fit(picture, size, Image.Resampling.BILINEAR)
            else:
                picture = ImageOps.pad(picture, size, Image.Resampling.BILINEAR)
        return np.asarray(picture, dtype=np.uint8).reshape(self.height, self.width, self.color.channels)

    def normalized(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (B, H, W, C) as the float32 (B, C, H, W) that enters the network."""
        scaled = pixels.astype(np.float32) / 255
        scaled = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
