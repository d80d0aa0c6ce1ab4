"""Which square pictures a network can be built for, found by walking it at one size after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import pairwise
from math import prod

from core.errors import LayerError
from core.layers.linear import Linear
from core.layers.shapes import Shape
from core.models.walk import LayerRow, Walk

LARGEST_SIDE = 4096  # pixels
SCANNED = 160  # sides looked at on each way where the sizes that fit don't lie side by side


@dataclass(frozen=True)
class FittingSides:
    """Sides in pixels of the square pictures that fit (of sequences: lengths), in even steps."""

    sides: range
    axes: int = 2  # of the picture: 1 for a sequence

    @property
    def smallest(self) -> str:
        """The first of them, such as "100×100"."""
        return size_text((self.sides[0],) * self.axes)

    @property
    def others(self) -> str:
        """The rest in words, such as "100 to 103 all give it"; "" where there is none."""
        first, last = self.sides[0], self.sides[-1]
        if first == last:
            return ""
        if self.sides.step > 1:
            return f"{first} to {last} in steps of {self.sides.step} give it"
        return f"{first} and up" if last == LARGEST_SIDE else f"{first} to {last} all give it"

    @property
    def text(self) -> str:
        """ "100×100 (100 to 103 all give it)"."""
        return f"{self.smallest} ({self.others})" if self.others else self.smallest


class _Fit(Enum):
    GOOD = auto()
    TOO_SMALL = auto()
    TOO_LARGE = auto()
    UNEVEN = auto()  # two ways through the network don't meet


class _UnevenError(Exception):
    pass


def fitting_sides(walk: Callable[[Shape], Walk], input_shape: Shape) -> FittingSides | None:
    """The sides that fit pictures with the channels of `input_shape` (C, H, W); None where none is found.

    Larger pictures give larger maps, so that halving finds both ends. Where sums or concatenations need
    sides that halve evenly, those around the present size are tried one by one.
    """
    channels, axes = input_shape[0], len(input_shape) - 1

    @cache
    def judged(side: int) -> _Fit:
        return _judged(walk((channels, *(side,) * axes)))

    def compared(side: int) -> _Fit:
        if judged(side) is _Fit.UNEVEN:
            raise _UnevenError
        return judged(side)

    try:
        start = _guess(walk((channels, *(max(input_shape[1:]),) * axes)))
        first = _first(lambda side: compared(side) is not _Fit.TOO_SMALL, start)
        end = _first(lambda side: compared(side) is _Fit.TOO_LARGE, first)
        found = range(first, end)
    except _UnevenError:
        found = _scanned(lambda side: judged(side) is _Fit.GOOD, max(input_shape[1:]))
    if not found or judged(found[0]) is not _Fit.GOOD:
        return None
    return FittingSides(found, axes)


def misfit(row: LayerRow, error: LayerError, input_shape: Shape, sides: FittingSides) -> LayerError:
    """`error`, of a row made for another number of features, with the pictures that have this number."""
    if not isinstance(row.record, Linear):
        fix = f"{error.fix} Or use pictures of {sides.text}."
        return LayerError(error.problem, expected=error.expected, found=error.found, fix=fix)
    here, outputs = size_text(input_shape[1:]), row.record.out_features
    return LayerError(
        f"Linear({row.record.in_features}, {outputs}) wants pictures of {sides.text}.",
        expected=f"{row.record.in_features} features",
        found=f"{row.input[-1]} features from pictures of {here}",
        fix=f"For {here} it has to be Linear({row.input[-1]}, {outputs}). "
        f"Or use pictures of {sides.smallest}.",
    )


def wanted_features(row: LayerRow) -> int | None:
    """How many features a row's layer is made for, where it is one that fixes them."""
    features = getattr(row.record, "in_features", None)
    if features is None and len(row.input) == 1:
        features = getattr(row.record, "channels", None)
    return features


def _features(row: LayerRow) -> int:
    """Features that reach a row's layer: a picture's values, or for a Linear those along the last axis."""
    return row.input[-1] if isinstance(row.record, Linear) else prod(row.input)


def size_text(sides: Shape) -> str:
    """(100, 100) as "100×100"."""
    return "×".join(str(side) for side in sides)


def _judged(walk: Walk) -> _Fit:
    if walk.problem is None:
        return _Fit.GOOD
    row = walk.rows[-1]
    wanted = wanted_features(row)
    if wanted is not None:
        return _Fit.TOO_SMALL if _features(row) < wanted else _Fit.TOO_LARGE
    return _Fit.UNEVEN if row.record is None else _Fit.TOO_SMALL


def _guess(walk: Walk) -> int:
    """A side not far from those that fit: features grow as the picture's area (a sequence's length)."""
    sides = walk.input_shape[1:]
    wanted = (wanted_features(walk.rows[-1]) or 0) if walk.problem else 0
    found = prod(walk.rows[-1].input) if wanted > 0 else 0
    share = wanted / found if found else 1.0
    return max(1, min(round(sides[0] * share ** (1 / len(sides))), LARGEST_SIDE))


def _first(answers: Callable[[int], bool], start: int) -> int:
    """The least side that `answers` is true for, as for all above; one beyond the largest if none is.

    Looked for in growing steps from `start`, then by halving between the last two.
    """
    low, high = 0, LARGEST_SIDE + 1
    side, step = min(start, LARGEST_SIDE), 1
    while low < side < high:
        if answers(side):
            high, side = side, side - step
        else:
            low, side = side, side + step
        step *= 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if answers(middle) else (middle, high)
    return high


def _scanned(fits: Callable[[int], bool], side: int) -> range:
    """Sides around `side` that fit and lie evenly apart: up to three above, and those before them."""

    def hits(way: int) -> Iterator[int]:
        for distance in range(1, SCANNED):
            if 0 < side + way * distance <= LARGEST_SIDE and fits(side + way * distance):
                yield side + way * distance

    above = [hit for hit, _ in zip(hits(+1), range(2), strict=False)]
    below = [hit for hit, _ in zip(hits(-1), range(2), strict=False)]
    found = sorted([*above, *below, *([side] if fits(side) else [])])
    if len(found) < 2:
        return range(found[0], found[0] + 1) if found else range(0)
    steps = {after - before for before, after in pairwise(found)}
    step = steps.pop()
    if steps:
        return range(found[0], found[0] + 1)
    return range(found[0], found[-1] + 1, step)
