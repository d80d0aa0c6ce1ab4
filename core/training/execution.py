"""How a machine runs a training: numbers, layout, threads and how many pictures at once. No torch.

None of it is a choice of what is learned; all of it stays the same through the life of a run, so that a
resumed run repeats the uninterrupted one bit for bit.
"""

from dataclasses import dataclass

from core.training.config import Precision


@dataclass(frozen=True)
class Execution:
    """`precision` is never AUTO here; `piece` is how many pictures go through the network at once."""

    device: str
    precision: Precision
    channels_last: bool
    threads: int
    piece: int
    compiled: bool = False

    @property
    def words(self) -> str:
        """Such as "bfloat16, channels last"."""
        compiled = ", compiled" if self.compiled else ""
        return f"{self.precision}, channels {'last' if self.channels_last else 'first'}{compiled}"
