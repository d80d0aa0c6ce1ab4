"""What the rows of a frozen part take on the disk, told before they are made. No torch."""

from core.machine import free_disk
from core.training.config import Precision
from core.workspace import Workspace

SPARE = 2_000_000_000  # bytes of the disk that they leave free
MOST = 50_000_000_000  # bytes that those of a run may take


def rows_needed(train: int, others: int, views: int) -> int:
    """Rows of so many training pictures, and of those that are only looked at."""
    return train * views + others


def rows_bytes(values: int, precision: Precision) -> int:
    """Bytes of so many values in these numbers; AUTO counts as the larger."""
    return values * (2 if precision is Precision.BFLOAT16 else 4)


def has_room(workspace: Workspace, values: int, precision: Precision) -> bool:
    """Whether the disk has room for them, and some to spare."""
    return rows_bytes(values, precision) <= min(MOST, free_disk(workspace.root) - SPARE)
