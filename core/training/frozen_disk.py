"""What the rows of a frozen part take on the disk, told before they are made. No torch."""

from dataclasses import dataclass

from core.machine import free_disk
from core.training.config import Precision
from core.workspace import Workspace

SPARE = 2_000_000_000  # bytes of the disk that they leave free
MOST = 50_000_000_000  # bytes that those of a run may take


@dataclass(frozen=True)
class Rows:
    """Rows of `values` each: `learned` of pictures, or views of them, to learn from, and `looked_at` of
    those to validate and test on, which are float32 always."""

    learned: int
    looked_at: int
    values: int

    @property
    def count(self) -> int:
        return self.learned + self.looked_at

    def bytes(self, precision: Precision) -> int:
        """With those to learn from in these numbers; AUTO counts as the larger."""
        learned = 2 if precision is Precision.BFLOAT16 else 4
        return self.values * (self.learned * learned + self.looked_at * 4)

    def has_room(self, workspace: Workspace, precision: Precision) -> bool:
        """Whether the disk has room for them, and some to spare."""
        return self.bytes(precision) <= min(MOST, free_disk(workspace.root) - SPARE)
