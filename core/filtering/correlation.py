"""A kernel slides over a picture: what PyTorch calls convolution and mathematicians cross-correlation.

As torch.nn.functional.conv2d on one picture and one filter, in float64.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import LayerError
from core.filtering.borders import Axis, Border, axis, padded
from core.filtering.kernels import Kernel


@dataclass(frozen=True)
class Sliding:
    """How the window moves, alike along rows and columns; lengths in pixels."""

    stride: int = 1
    padding: int = 0
    dilation: int = 1
    border: Border = Border.ZERO
    true_convolution: bool = False  # slide the kernel turned by 180 degrees


@dataclass(frozen=True, eq=False)
class Filtered:
    """`output` (1, H', W'), the `kernel` as it was slid, its `bias`, and how it moved along both axes."""

    output: np.ndarray
    kernel: Kernel
    bias: float
    rows: Axis
    columns: Axis


def apply_kernel(picture: np.ndarray, kernel: Kernel, sliding: Sliding, bias: float = 0.0) -> Filtered:
    """Each output pixel is the sum over channels and taps of pixel x weight, plus `bias`.

    Raises:
        LayerError: the kernel has another number of channels than the picture (C, H, W), or no room on it.
    """
    channels, height, width = picture.shape
    if len(kernel.weights) != channels:
        raise LayerError(
            "The kernel needs a slice for each channel of the picture.",
            expected=f"{channels}",
            found=f"{len(kernel.weights)}",
            fix="Give it as many slices as the picture has channels.",
        )
    slid = kernel.turned() if sliding.true_convolution else kernel
    rows, columns = (
        axis(size, taps, sliding.stride, sliding.padding, sliding.dilation, sliding.border)
        for size, taps in zip((height, width), kernel.size, strict=True)
    )
    under = padded(picture, rows, columns)
    output = np.full((1, rows.positions, columns.positions), bias, np.float64)
    for row, column in np.ndindex(*kernel.size):
        weights = slid.values[:, row, column]
        output[0] += np.tensordot(weights, under[:, rows.taps(row), columns.taps(column)], 1)
    return Filtered(output, slid, bias, rows, columns)
