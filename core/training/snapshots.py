"""The weights of a run through its epochs: few enough to keep, by a rule that can be told. No torch here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOST = 16  # besides the initial weights
MOST_BYTES = 256_000_000
_NAME = re.compile(r"epoch-(\d{5})\.pt")


@dataclass(frozen=True)
class SnapshotRule:
    """Epoch 0 (the initial weights) and each epoch that is a multiple of `every`; None keeps none at all."""

    every: int | None

    def keeps(self, epoch: int) -> bool:
        return self.every is not None and epoch % self.every == 0

    @property
    def words(self) -> str:
        """The rule as a person would say it."""
        if self.every is None:
            return "no weights of single epochs: the network is too large"
        if self.every == 1:
            return "the initial weights and those of every epoch"
        return f"the initial weights and those of every {_ordinal(self.every)} epoch"


def snapshot_rule(epochs: int, model_bytes: int) -> SnapshotRule:
    """At most `MOST` epochs of a run of `epochs`, and no more than `MOST_BYTES` in all."""
    room = min(MOST, MOST_BYTES // max(model_bytes, 1) - 1)
    return SnapshotRule(None if room < 1 else -(-epochs // room))


def snapshot_path(folder: Path, epoch: int) -> Path:
    return folder / "snapshots" / f"epoch-{epoch:05d}.pt"


def snapshots_in(folder: Path) -> dict[int, Path]:
    """The files by their epoch, in order."""
    found = ((_NAME.fullmatch(path.name), path) for path in (folder / "snapshots").glob("epoch-*.pt"))
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def prune(folder: Path, rule: SnapshotRule, finished: Sequence[int]) -> None:
    """Delete the snapshots that `rule` doesn't keep, or whose epoch is not among the `finished` ones."""
    for epoch, path in snapshots_in(folder).items():
        if not rule.keeps(epoch) or (epoch and epoch not in finished):
            path.unlink(missing_ok=True)


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
