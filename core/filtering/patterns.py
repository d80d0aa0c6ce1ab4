"""Simple pictures whose answer to a kernel can be foretold, grey values 0 (black) to 255 (white)."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np


class Pattern(StrEnum):
    IMPULSE = "one white pixel"
    EDGE = "edge"
    STRIPES = "stripes"
    CHECKERBOARD = "checkerboard"
    RAMP = "ramp"
    CIRCLE = "circle"
    LETTER = "letter F"
    DISCS = "three coloured discs"


def pattern(kind: Pattern, size: int) -> np.ndarray:
    """The pattern as colours, uint8 (3, size, size); all but the discs are grey."""
    rows, columns = np.mgrid[:size, :size]
    values = _DRAWN[kind](rows, columns, size)
    return np.broadcast_to(values, (3, size, size)).astype(np.uint8)


def _disc(rows: np.ndarray, columns: np.ndarray, middle: tuple[float, float], radius: float) -> np.ndarray:
    return 255 * (np.hypot(rows - middle[0], columns - middle[1]) <= radius)


def _discs(rows: np.ndarray, columns: np.ndarray, size: int) -> np.ndarray:
    """One disc a channel, like three lights that overlap in the middle."""
    last = size - 1
    places = ((0.36, 0.5), (0.62, 0.35), (0.62, 0.65))
    return np.stack([_disc(rows, columns, (y * last, x * last), 0.27 * size) for y, x in places])


def _letter(rows: np.ndarray, columns: np.ndarray, size: int) -> np.ndarray:
    """An F, which looks like itself in no mirror and upside down."""
    y, x = (rows + 0.5) / size, (columns + 0.5) / size
    stem = (x > 0.28) & (x < 0.44)
    bars = (x > 0.28) & (((y > 0.15) & (y < 0.29) & (x < 0.76)) | ((y > 0.44) & (y < 0.57) & (x < 0.66)))
    return 255 * ((stem | bars) & (y > 0.15) & (y < 0.86))


_DRAWN: dict[Pattern, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    Pattern.IMPULSE: lambda rows, columns, size: 255 * ((rows == size // 2) & (columns == size // 2)),
    Pattern.EDGE: lambda rows, columns, size: 255 * (columns >= size // 2),
    Pattern.STRIPES: lambda rows, columns, size: 255 * (columns // max(2, size // 8) % 2),
    Pattern.CHECKERBOARD: lambda rows, columns, size: (
        255 * ((rows // max(2, size // 8) + columns // max(2, size // 8)) % 2)
    ),
    Pattern.RAMP: lambda rows, columns, size: np.rint(columns * (255 / (size - 1))),
    Pattern.CIRCLE: lambda rows, columns, size: _disc(
        rows, columns, ((size - 1) / 2, (size - 1) / 2), 0.34 * size
    ),
    Pattern.LETTER: _letter,
    Pattern.DISCS: _discs,
}
