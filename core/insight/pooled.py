"""One map under max and under average pooling, and what each keeps of it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from core.errors import ConfigError


@dataclass(frozen=True)
class PooledMap:
    """`largest` and `mean` (H', W') of windows of `window` pixels, `stride` apart, of `map` (H, W)."""

    map: np.ndarray
    largest: np.ndarray
    mean: np.ndarray
    window: int
    stride: int

    @property
    def detail(self) -> tuple[float, float]:
        """The variance among a map's values that is left after max and after average pooling, as a share of
        the map's own; (1, 1) for a map without any."""
        own = float(self.map.var())
        if own == 0:
            return 1.0, 1.0
        return float(self.largest.var()) / own, float(self.mean.var()) / own


def pool_map(values: np.ndarray, window: int, stride: int) -> PooledMap:
    """`values` (H, W) pooled both ways, as torch.nn.MaxPool2d and AvgPool2d do without padding.

    Raises:
        ConfigError: the window is larger than the map.
    """
    if window > min(values.shape):
        raise ConfigError(
            "The pooling window is larger than the map.",
            expected=f"at most {min(values.shape)}",
            found=str(window),
            fix="Choose a smaller window, or an earlier layer.",
        )
    x = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    largest = functional.max_pool2d(x, window, stride)[0, 0].numpy()
    mean = functional.avg_pool2d(x, window, stride)[0, 0].numpy()
    return PooledMap(values, largest, mean, window, stride)
