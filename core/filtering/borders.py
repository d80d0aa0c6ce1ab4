"""What a window sees beyond the border of a picture, one axis at a time."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.layers.windows import PaddingMode, Windows

NOTHING = -1  # a padded position that shows no pixel


class Border(StrEnum):
    """The `mode` of torch.nn.functional.pad by its name there."""

    ZERO = "constant"
    REFLECT = "reflect"
    REPLICATE = "replicate"

    @property
    def mode(self) -> PaddingMode:
        """The same as a layer's `padding_mode`."""
        return PaddingMode.ZEROS if self is Border.ZERO else PaddingMode(self.value)


@dataclass(frozen=True, eq=False)
class Axis:
    """A window that slides along one axis of a padded picture.

    `source` (padded size,) names the pixel that each padded position shows, or NOTHING for padding
    without a pixel. All lengths are in pixels.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    padding: int
    positions: int
    source: np.ndarray

    def taps(self, tap: int) -> slice:
        """The padded positions under tap number `tap` of the window, one for each of its positions."""
        first = tap * self.dilation
        return slice(first, first + self.stride * (self.positions - 1) + 1, self.stride)

    @property
    def seen(self) -> np.ndarray:
        """Whether some window covers each pixel, bool (size,)."""
        covered = np.zeros(self.size, bool)
        for tap in range(self.kernel):
            pixels = self.source[self.taps(tap)]
            covered[pixels[pixels != NOTHING]] = True
        return covered


def axis(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, border: Border = Border.ZERO
) -> Axis:
    """The axis of `size` pixels, with as many positions as `windows.Windows` says.

    Raises:
        LayerError: as there, such as for a reflection that would have to show pixels that the picture lacks.
    """
    positions = Windows(size, kernel, stride, (padding, padding), dilation, mode=border.mode).positions
    return Axis(size, kernel, stride, dilation, padding, positions, _source(size, padding, border))


def padded(maps: np.ndarray, rows: Axis, columns: Axis, nothing: float = 0.0) -> np.ndarray:
    """Maps (C, H, W) with their padding, which shows `nothing` where there is no pixel."""
    room = np.pad(maps.astype(np.float64), ((0, 0), (0, 1), (0, 1)), constant_values=nothing)
    return room[:, rows.source[:, None], columns.source]  # NOTHING is the last row, and the last column


def _source(size: int, padding: int, border: Border) -> np.ndarray:
    positions = np.arange(-padding, size + padding)
    match border:
        case Border.ZERO:
            return np.where((positions >= 0) & (positions < size), positions, NOTHING)
        case Border.REPLICATE:
            return positions.clip(0, size - 1)
        case Border.REFLECT:
            last = size - 1
            return last - abs(last - abs(positions))
