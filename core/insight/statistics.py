"""Numbers that tell what the channels of a layer do."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ChannelFacts:
    """One value a channel (C,), over all pictures and places: mean, the mean absolute value ("activity"), the
    least and the greatest value, and the share of zeros in 0..1."""

    mean: np.ndarray
    activity: np.ndarray
    low: np.ndarray
    high: np.ndarray
    zeros: np.ndarray

    @property
    def dead(self) -> np.ndarray:
        """The channels (indices) that put out nothing but 0."""
        return np.flatnonzero((self.low == 0) & (self.high == 0))

    @property
    def by_activity(self) -> np.ndarray:
        """All channels, the most active first."""
        return np.argsort(-self.activity, kind="stable")


def channel_facts(maps: np.ndarray) -> ChannelFacts:
    """Facts of maps (B, C, H, W)."""
    over = (0, 2, 3)
    return ChannelFacts(
        maps.mean(over, np.float64),
        np.abs(maps).mean(over, np.float64),
        maps.min(over),
        maps.max(over),
        (maps == 0).mean(over),
    )
