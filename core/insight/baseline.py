"""The picture without its content: where integrated gradients start, and what occlusion covers with."""

from enum import StrEnum

import numpy as np
import torch
from torch import Tensor

from core.data.receives import Receives
from core.limits import check_range

BLUR = 1 / 16  # standard deviation of the blur, of the picture's smaller side


class Baseline(StrEnum):
    BLACK = "Black"
    GREY = "Mean grey"
    BLURRED = "Blurred picture"


def black_of(receives: Receives) -> tuple[float, ...]:
    """What a black pixel becomes before it enters the network, a number a channel."""
    channels = receives.shape[0]
    black = receives.normalized(np.zeros((1, *receives.shape[1:], channels), np.uint8))
    return tuple(black[0, :, 0, 0].tolist())


def baseline_picture(x: Tensor, kind: Baseline, black: tuple[float, ...] = (0.0,)) -> Tensor:
    """The (1, C, H, W) that stands for "nothing" where `x` (1, C, H, W) is the picture, both normalized.

    `black` is `black_of` the network, or one number for all channels. Mean grey is 0, the mean of the
    pictures that the normalization was made for.

    Raises:
        ConfigError: `black` has another number of channels.
    """
    match kind:
        case Baseline.BLACK:
            if len(black) != 1:
                check_range("number of channels of black", len(black), x.shape[1], x.shape[1])
            return torch.tensor(black).view(1, -1, 1, 1).expand_as(x).clone()
        case Baseline.GREY:
            return torch.zeros_like(x)
        case Baseline.BLURRED:
            height, width = x.shape[2:]
            deviation = BLUR * min(height, width)
            return _gaussian(height, deviation) @ x @ _gaussian(width, deviation).T


def _gaussian(side: int, deviation: float) -> Tensor:
    """(side, side): row i has the weights of all places in the mean at place i, none beyond the edge."""
    places = torch.arange(side)
    weights = torch.exp(-0.5 * ((places[:, None] - places) / deviation) ** 2)
    return weights / weights.sum(1, keepdim=True)
