"""The ten exercises of a seed, from the first to the hardest."""

from random import Random

from core.challenges.budgets import FewerByGroups, HalveTwice, MostFilters
from core.challenges.exercise import Exercise
from core.challenges.fields import SameReach, WideField
from core.challenges.sizes import KeepSize, LinearAfter, OutputSide, PoolAll, UndoStride

KINDS: tuple[type[Exercise], ...] = (
    KeepSize,
    OutputSide,
    LinearAfter,
    MostFilters,
    PoolAll,
    FewerByGroups,
    SameReach,
    WideField,
    HalveTwice,
    UndoStride,
)
MOST_SEEDS = 999_999


def exercise(seed: int, number: int) -> Exercise:
    """Exercise `number` (from 1) of a seed: the same for everybody who has both numbers."""
    return KINDS[number - 1].draw(Random(f"{seed}/{number}"))
