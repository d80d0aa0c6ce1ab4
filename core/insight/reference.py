"""Which network is looked into, and with which weights; no torch here."""

import re
from dataclasses import dataclass
from enum import StrEnum

BEST, TRAINED = "best", "trained"
_NUMBERED = re.compile(r"(epoch|random)-(\d+)")


class Source(StrEnum):
    RUN = "run"
    BACKBONE = "backbone"


@dataclass(frozen=True)
class SubjectRef:
    """`id` is a run's, or a backbone's name. `weights` of a run are "best" or "epoch-7" (0 are the initial
    ones), of a backbone "trained", or "random-0": untrained ones drawn from that seed."""

    source: Source
    id: str
    weights: str

    @property
    def epoch(self) -> int | None:
        return self._number("epoch")

    @property
    def seed(self) -> int | None:
        return self._number("random")

    def _number(self, kind: str) -> int | None:
        found = _NUMBERED.fullmatch(self.weights)
        return int(found[2]) if found and found[1] == kind else None


def at_epoch(epoch: int) -> str:
    return f"epoch-{epoch}"


def untrained(seed: int) -> str:
    return f"random-{seed}"
