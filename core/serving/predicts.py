"""What a model has to offer so that pictures can be predicted with it, wherever it comes from. No torch."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.data.decoding import Source


class Predicts(Protocol):
    """A trained run, an imported model, or a backbone that knows ImageNet."""

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the probabilities."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture as the network receives it."""

    @property
    def temperature(self) -> float:
        """What makes the probabilities honest (core.serving.calibration); 1 where none is known."""

    def read(self, source: Source) -> np.ndarray:
        """What the network receives of a picture file: uint8 (H, W, C), before normalization.

        Raises:
            PictureRejected: the file is not a picture that can be used.
        """

    def predict(self, received: Sequence[np.ndarray]) -> np.ndarray:
        """Class probabilities (N, K), float32, of N arrays made by `read`; `temperature` is not in them."""
