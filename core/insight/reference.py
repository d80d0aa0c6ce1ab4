"""Which network is looked into, and with which weights; no torch here."""

import re
from dataclasses import dataclass

from core.models.backbone_choice import seed_of
from core.models.source import Source

BEST = "best"
_EPOCH = re.compile(r"epoch-(\d+)")


@dataclass(frozen=True)
class SubjectRef:
    """`id` is a run's, an imported model's, or a backbone's name.

    `weights` of a run are "best" or "epoch-7" (0 are the initial ones), of an imported model "best", of a
    backbone "trained", or "random-0": untrained ones drawn from that seed.
    """

    source: Source
    id: str
    weights: str

    @property
    def epoch(self) -> int | None:
        found = _EPOCH.fullmatch(self.weights)
        return int(found[1]) if found else None

    @property
    def seed(self) -> int | None:
        return seed_of(self.weights)


def at_epoch(epoch: int) -> str:
    return f"epoch-{epoch}"
