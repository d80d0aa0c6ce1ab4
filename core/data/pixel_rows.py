"""Rows of a pixel cache, each held against its checksum when it is first read, and mended where it rotted."""

import os
import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

Mend = Callable[[int], np.ndarray]

LOST = 0  # the entry of a row whose picture could not be read
_PRESENT = 1 << 32
ENTRY = np.dtype("<u8")


def entry_of(pixels: np.ndarray) -> int:
    """What the cache keeps beside a row: its CRC-32, and that it is there."""
    return _PRESENT | zlib.crc32(np.ascontiguousarray(pixels).data)


class PixelRows:
    """uint8 rows (H, W, C) of the file at `path`, after which one entry a row stands.

    Rows are read, not mapped: a file that is cut short while a run is at work is then mended instead of
    ending the process, and pages of the file don't count as the run's memory. `mend(row)` makes the pixels
    anew; it raises `PicturesLost` where their picture is gone too.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int, int], mend: Mend) -> None:
        self._path, self._shape, self._mend = path, shape, mend
        self._row_bytes = int(np.prod(shape[1:]))
        self._file = path.open("rb", buffering=0)
        self._file.seek(shape[0] * self._row_bytes)
        self._entries = np.frombuffer(self._file.read(shape[0] * ENTRY.itemsize), ENTRY).copy()
        self._checked = np.zeros(shape[0], bool)
        self._written: int | None = None  # when the file last was, as far as the checks know
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._shape[0]

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Pixels (B, H, W, C) of `rows`.

        Raises:
            PicturesLost: a row has rotted, and its picture can't be read any more.
        """
        pixels = np.empty((len(rows), *self._shape[1:]), np.uint8)
        with self._lock:
            self._doubt_what_was_written_to()
            for place, row in enumerate(map(int, rows)):
                self._file.seek(row * self._row_bytes)
                whole = self._file.readinto(pixels[place].data) == self._row_bytes
                if self._checked[row] and whole:
                    continue
                if not whole or entry_of(pixels[place]) != self._entries[row]:
                    pixels[place] = self._mended(row)
                self._checked[row] = True
        return pixels

    def lost(self) -> list[int]:
        """The rows whose pictures could not be read when the cache was made."""
        return np.flatnonzero(self._entries == LOST).tolist()

    def mend(self, row: int) -> None:
        """Make a row anew, as when its picture has come back.

        Raises:
            PicturesLost: it has not.
        """
        with self._lock:
            self._mended(row)

    def _doubt_what_was_written_to(self) -> None:
        """Check every row anew if the file was cut, or another run has mended it, since the last look."""
        written = os.fstat(self._file.fileno()).st_mtime_ns
        if written != self._written:
            self._checked[:], self._written = False, written

    def _mended(self, row: int) -> np.ndarray:
        pixels = self._mend(row)
        self._entries[row] = entry_of(pixels)
        self._checked[:] = False  # in a file that was cut short, this leaves holes: they read as black
        try:
            with self._path.open("r+b") as file:
                file.seek(row * self._row_bytes)
                file.write(pixels.tobytes())
                file.seek(self._shape[0] * self._row_bytes + row * ENTRY.itemsize)
                file.write(self._entries[row].tobytes())
        except OSError as failure:  # this run has the pixels all the same
            print(f"Row {row} of {self._path.name} could not be mended: {failure}", flush=True)
        return pixels
