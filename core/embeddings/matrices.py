"""Matrices of features: small ones in memory, large ones in files that the system can take out of it."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from core.embeddings.classifiers import Make, in_memory

LARGE = 1 << 28  # bytes
_PREFIX = "matrices-"
_ABANDONED_AFTER = 7 * 24 * 3600  # seconds


@contextmanager
def matrices(folder: Path) -> Iterator[Make]:
    """Makes empty float32 matrices; those over `LARGE` bytes lie below `folder`, and go at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder, ignore_cleanup_errors=True) as scratch:
        made = 0

        def make(rows: int, columns: int) -> np.ndarray:
            nonlocal made
            if 4 * rows * columns <= LARGE:
                return in_memory(rows, columns)
            made += 1
            return np.memmap(Path(scratch, str(made)), np.float32, "w+", shape=(rows, columns))

        yield make


def _tidy(folder: Path) -> None:
    """Delete what a process that was killed has left."""
    for leftover in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(leftover)
