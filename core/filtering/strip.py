"""The building block of a CNN as one strip: convolution, ReLU, pooling."""

from dataclasses import dataclass

import numpy as np

from core.filtering.correlation import Filtered, Sliding, apply_kernel
from core.filtering.kernels import Kernel
from core.filtering.pooling import Pooled, pool


@dataclass(frozen=True, eq=False)
class Strip:
    """What each step makes of the picture; `rectified` (1, H', W') has no value below 0."""

    filtered: Filtered
    rectified: np.ndarray
    pooled: Pooled


def run_strip(
    picture: np.ndarray, kernel: Kernel, sliding: Sliding, window: int, stride: int, bias: float = 0.0
) -> Strip:
    """pool(max(0, convolution + bias)) of a picture (C, H, W), step by step.

    Raises:
        LayerError: the kernel or the pooling window has no room.
    """
    filtered = apply_kernel(picture, kernel, sliding, bias)
    rectified = np.maximum(filtered.output, 0)
    return Strip(filtered, rectified, pool(rectified, window, stride))
