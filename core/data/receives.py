"""What stands between a picture and any network: a CNN's own preprocessing, or a backbone's."""

from typing import Protocol

import numpy as np
from PIL import Image


class Receives(Protocol):
    """How a network receives pictures: core.data.preprocessing, or core.models.backbone_preprocessing."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""

    @property
    def at_least(self) -> tuple[int, int]:
        """(height, width) in pixels that a picture is to be decoded at."""

    @property
    def mean(self) -> tuple[float, ...]:
        """What is taken from each channel of values in [0, 1]."""

    @property
    def std(self) -> tuple[float, ...]:
        """What each channel is divided by then."""

    @property
    def pixels_key(self) -> str:
        """All that decides what `pixels` makes of a picture."""

    def pixels(self, picture: Image.Image) -> np.ndarray:
        """`picture` at the network's size, uint8 (H, W, C)."""

    def normalized(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (B, H, W, C) as the float32 (B, C, H, W) that enters the network."""
