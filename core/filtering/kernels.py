"""Kernels that have a name, for every odd size from 3, and kernels that a user types or draws by lot."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import comb

import numpy as np

from core.errors import ConfigError

LARGEST = 11  # rows or columns
STRONGEST = 9999.0  # a weight
DIVISORS = 0.001, 1e6  # the least and the largest, either sign


@dataclass(frozen=True, eq=False)
class Kernel:
    """One filter: `weights` (C, rows, columns), all of them to be divided by `divisor`.

    Whole weights and a divisor are easier to read than the fractions, `values`, that they stand for.
    """

    weights: np.ndarray
    divisor: float = 1.0

    @property
    def values(self) -> np.ndarray:
        return self.weights / self.divisor

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.weights.shape[1], self.weights.shape[2]

    def turned(self) -> "Kernel":
        """Turned by 180 degrees: what true convolution slides over the picture."""
        return Kernel(self.weights[:, ::-1, ::-1], self.divisor)


class KernelName(StrEnum):
    IDENTITY = "identity"
    BLUR = "blur"
    GAUSSIAN = "Gaussian"
    SHARPEN = "sharpen"
    SOBEL_X = "Sobel x"
    SOBEL_Y = "Sobel y"
    LAPLACIAN = "Laplacian"
    EMBOSS = "emboss"
    OUTLINE = "outline"


class ChannelMix(StrEnum):
    """How one flat kernel becomes the slices for red, green and blue."""

    ALIKE = "all alike"
    RED = "red only"
    GREEN = "green only"
    BLUE = "blue only"
    RED_GREEN = "red − green"
    BLUE_YELLOW = "blue − yellow"


MIXES = {
    ChannelMix.ALIKE: (1, 1, 1),
    ChannelMix.RED: (1, 0, 0),
    ChannelMix.GREEN: (0, 1, 0),
    ChannelMix.BLUE: (0, 0, 1),
    ChannelMix.RED_GREEN: (1, -1, 0),
    ChannelMix.BLUE_YELLOW: (-1, -1, 2),
}


def named_kernel(name: KernelName, size: int = 3) -> Kernel:
    """The kernel (1, size, size); at size 3 it is the one that textbooks print."""
    if size % 2 == 0 or not 3 <= size <= LARGEST:
        raise ConfigError(
            "A named kernel needs a middle.",
            expected=f"an odd size from 3 to {LARGEST}",
            found=str(size),
            fix="Choose an odd size.",
        )
    weights, divisor = _NAMED[name](size)
    return Kernel(weights[None].astype(np.float64), float(divisor))


def random_kernel(seed: int, size: int, channels: int = 1) -> Kernel:
    """Whole weights from -5 to 5, the same ones for the same seed."""
    draw = np.random.default_rng(seed)
    return Kernel(draw.integers(-5, 6, (channels, size, size)).astype(np.float64))


def for_colors(kernel: Kernel, mix: ChannelMix) -> Kernel:
    """The flat `kernel` (1, rows, columns) as three slices; alike slices give their mean, not their sum."""
    shares = np.array(MIXES[mix], np.float64)
    return Kernel(kernel.weights * shares[:, None, None], kernel.divisor * float(shares.clip(0).sum()))


def typed_kernel(text: str, divisor: float = 1.0) -> Kernel:
    """Weights as a user types them: rows end at ";" or a new line, slices of a colour kernel at "|".

    Raises:
        ConfigError: something is no number, rows or slices differ in length, or there are too many.
    """
    slices = [_rows(part) for part in text.strip().strip("|").split("|")]
    shapes = {(len(rows), len(row)) for rows in slices for row in rows}
    if len(shapes) != 1 or len(slices) not in (1, 3) or not slices[0][0]:
        raise ConfigError(
            "The weights don't form a rectangle.",
            expected='rows of equal length, such as "1 0 -1; 2 0 -2; 1 0 -1"; for colours 1 or 3 slices',
            found="; ".join(f"{len(row)} in row {number}" for number, row in enumerate(slices[0], 1))[:120],
            fix="Fill up the shorter rows with 0.",
        )
    (rows, columns) = next(iter(shapes))
    if rows > LARGEST or columns > LARGEST:
        raise ConfigError(
            "The kernel is too large.",
            expected=f"at most {LARGEST} rows and {LARGEST} columns",
            found=f"{rows} × {columns}",
            fix="Leave some weights out.",
        )
    least, largest = DIVISORS
    if not least <= abs(divisor) <= largest:
        raise ConfigError(
            "Weights can't be divided by this.",
            expected=f"a number from {least:g} to {largest:,.0f}, or below 0 likewise",
            found=f"{divisor:g}",
            fix="Use 1.",
        )
    return Kernel(np.array(slices, np.float64), divisor)


def kernel_text(kernel: Kernel) -> str:
    """The weights so that `typed_kernel` reads them again."""
    return " | ".join(
        "; ".join(" ".join(f"{weight:.12g}" for weight in row) for row in rows) for rows in kernel.weights
    )


def _rows(text: str) -> list[list[float]]:
    rows = [row for row in re.split(r"[;\n]", text) if row.strip()]
    return [[_number(word) for word in re.split(r"[\s,]+", row.strip())] for row in rows] or [[]]


def _number(word: str) -> float:
    try:
        value = float(word.replace("−", "-"))
    except ValueError:
        value = float("nan")
    if not abs(value) <= STRONGEST:
        raise ConfigError(
            "A weight is no number that can be used.",
            expected=f"numbers from -{STRONGEST:.0f} to {STRONGEST:.0f}, parted by blanks",
            found=f'"{word[:20]}"',
            fix="Type it again.",
        )
    return value


def _binomial(size: int) -> np.ndarray:
    """1 2 1, 1 4 6 4 1 ...: the bell that repeated averaging of neighbours tends to."""
    return np.array([comb(size - 1, k) for k in range(size)])


def _identity(size: int) -> np.ndarray:
    weights = np.zeros((size, size), int)
    weights[size // 2, size // 2] = 1
    return weights


def _cross(size: int) -> np.ndarray:
    """1 along the middle row and the middle column but in the middle itself."""
    weights = np.zeros((size, size), int)
    weights[size // 2] = weights[:, size // 2] = 1
    weights[size // 2, size // 2] = 0
    return weights


def _sobel_x(size: int) -> tuple[np.ndarray, int]:
    """A bell across the edge, and along it the difference of two smaller bells (Sobel and Feldman 1968)."""
    weights = np.outer(_binomial(size), np.convolve(_binomial(size - 2), [-1, 0, 1]))
    return weights, weights.clip(0).sum() // 4


def _emboss(size: int) -> np.ndarray:
    steps = np.arange(size) - size // 2
    return steps[:, None] + steps + _identity(size)


_NAMED: dict[KernelName, Callable[[int], tuple[np.ndarray, int]]] = {
    KernelName.IDENTITY: lambda size: (_identity(size), 1),
    KernelName.BLUR: lambda size: (np.ones((size, size)), size**2),
    KernelName.GAUSSIAN: lambda size: (np.outer(_binomial(size), _binomial(size)), 4 ** (size - 1)),
    KernelName.SHARPEN: lambda size: (_identity(size) * (2 * size - 1) - _cross(size), 1),
    KernelName.SOBEL_X: _sobel_x,
    KernelName.SOBEL_Y: lambda size: (_sobel_x(size)[0].T, _sobel_x(size)[1]),
    KernelName.LAPLACIAN: lambda size: (_cross(size) - _identity(size) * (2 * size - 2), 1),
    KernelName.EMBOSS: lambda size: (_emboss(size), 1),
    KernelName.OUTLINE: lambda size: (_identity(size) * size**2 - np.ones((size, size)), 1),
}
