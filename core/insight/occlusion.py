"""How much a score falls when a part of the picture is covered (Zeiler and Fergus 2014)."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

from core.data.parallel import Progress, StopCheck, never
from core.errors import Cancelled
from core.insight.stand_in import pictures_a_pass, stand_in
from core.insight.target import class_score
from core.limits import check_range

AT_224 = 8  # pictures in one pass
SHARE = 8  # the picture's smaller side, in windows


@dataclass(frozen=True)
class Windows:
    """Squares of `side` pixels, `stride` pixels apart, that cover a picture of `height` x `width`.

    All have the same size: the last of a row or column is moved back where it would stick out.

    Raises:
        ConfigError: they are larger than the picture, or leave gaps.
    """

    height: int
    width: int
    side: int
    stride: int

    def __post_init__(self) -> None:
        check_range("window", self.side, 1, min(self.height, self.width))
        check_range("stride", self.stride, 1, self.side)

    @property
    def corners(self) -> list[tuple[int, int]]:
        """(row, column) of each window's first pixel."""
        return list(product(self._starts(self.height), self._starts(self.width)))

    def _starts(self, length: int) -> list[int]:
        last = length - self.side
        return [*range(0, last, self.stride), last]


def windows_of(height: int, width: int, side: int | None = None, stride: int | None = None) -> Windows:
    """Windows of an eighth of the smaller side, half of that apart, where nothing else is asked for."""
    side = max(1, min(height, width) // SHARE) if side is None else side
    return Windows(height, width, side, max(1, side // 2) if stride is None else stride)


@dataclass(frozen=True)
class Occluded:
    """`values` (H, W): by how much the score falls, for each pixel the mean of the windows that cover it."""

    score: float
    values: np.ndarray
    windows: Windows


def occlusion(
    model: nn.Module,
    x: Tensor,
    target: int,
    cover: Tensor,
    windows: Windows,
    *,
    single_logit: bool,
    should_stop: StopCheck = never,
    on_progress: Progress = lambda done, total, what: None,
) -> Occluded:
    """The score of `x` less that of `x` with one window from `cover`, both float32 (1, C, H, W).

    Several windows go through the network in one pass. Captum's Occlusion averages in the same way, but cuts
    off what sticks out of the picture: its last windows are smaller, and hide less.

    Raises:
        Cancelled: `should_stop` said so between two passes.
        ConfigError: there is no such class.
    """
    network = stand_in(model)
    corners = windows.corners
    batch = pictures_a_pass(x, at_224=AT_224)
    total, times = np.zeros((2, *x.shape[2:]))
    with torch.inference_mode():
        score = class_score(network(x.clone()), target, single_logit=single_logit).item()
        for done in range(0, len(corners), batch):
            if should_stop():
                raise Cancelled
            on_progress(done, len(corners), "windows covered")
            several = corners[done : done + batch]
            pictures = x.repeat(len(several), 1, 1, 1)
            places = [
                (slice(row, row + windows.side), slice(column, column + windows.side))
                for row, column in several
            ]
            for picture, place in zip(pictures, places, strict=True):
                picture[:, *place] = cover[0, :, *place]
            scores = class_score(network(pictures), target, single_logit=single_logit).tolist()
            for place, covered in zip(places, scores, strict=True):
                total[place] += score - covered
                times[place] += 1
    on_progress(len(corners), len(corners), "windows covered")
    return Occluded(score, (total / times).astype(np.float32), windows)
