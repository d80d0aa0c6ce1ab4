"""What pooling kept of one map, in a sentence with its own numbers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.insight.pooled import PooledMap  # at run time it would load torch


def kept_words(pooled: "PooledMap") -> str:
    """The largest value, the mean and the detail of the map, under max and under average pooling."""
    before = pooled.map
    sizes = (
        f"{before.shape[0]} x {before.shape[1]} values become {pooled.mean.shape[0]} x {pooled.mean.shape[1]}"
    )
    if before.min() == before.max():
        return f"{sizes}. The map is {before.min():.3g} everywhere, so both kinds of pooling keep all of it."
    sharp, smooth = pooled.detail
    return (
        f"{sizes}. **Max pooling** keeps the largest value, {pooled.largest.max():.3g}, and moves the mean "
        f"from {before.mean():.3g} to {pooled.largest.mean():.3g}; of the variation between places "
        f"{sharp:.0%} is there. **Average pooling** takes the mean to {pooled.mean.mean():.3g} and the "
        f"largest value to {pooled.mean.max():.3g}; of the variation {smooth:.0%} is there."
    )
