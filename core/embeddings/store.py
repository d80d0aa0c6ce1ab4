"""Features of pictures on the disk, by content: what was computed once is never computed again.

A file is for one backbone with its weights, one preprocessing and one kind of numbers. It only grows, record
by record: the picture's key (32 bytes), a CRC-32 of the key and the row, and the row, float32 (N,). So a
process that is killed loses no more than what it was writing, and a record that was cut or has rotted is
found out, counts as missing, and is computed anew.
"""

import hashlib
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import numpy as np
import PIL

from core.data.alone import alone
from core.data.decoding import DECODING_VERSION
from core.data.parallel import StopCheck, never
from core.data.receives import Receives
from core.errors import DatasetError
from core.workspace import Workspace

VERSION = 1  # raise it when the same picture and backbone give other features than before
KEY, CHECK = 32, 4  # bytes
BLOCK = 1 << 22  # bytes that are read at once
ROW_TYPE = np.dtype("<f4")
_UNUSED_AFTER = 30 * 24 * 3600  # seconds


def store_path(workspace: Workspace, backbone_key: str, receives: Receives, numbers: str) -> Path:
    """The file for the features of a backbone; `numbers` tells the numbers that they are computed in."""
    parts = (VERSION, DECODING_VERSION, PIL.__version__, backbone_key, receives, numbers)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
    return workspace.caches / "features" / f"{digest}.f32"


class FeatureStore:
    """Rows (N,) of `features` numbers by picture key (SHA-256 in hex), in the file at `path`.

    Only the keys are held in memory; rows are read when they are asked for.
    """

    def __init__(self, path: Path, features: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _tidy(path)
        path.touch()
        self.features = features
        self._path = path
        self._size = KEY + CHECK + features * ROW_TYPE.itemsize
        self._file = path.open("r+b", buffering=0)
        self._numbers: dict[bytes, int] = {}
        self._end = 0  # records; the last of them is whole
        self._take_in()

    def __enter__(self) -> "FeatureStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._numbers)

    def close(self) -> None:
        self._file.close()

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of `keys` that have no row, each once."""
        return [key for key in dict.fromkeys(keys) if bytes.fromhex(key) not in self._numbers]

    @contextmanager
    def alone(self, should_stop: StopCheck = never) -> Iterator[None]:
        """Be the only one to append; what others have appended meanwhile is there too.

        Raises:
            Cancelled: `should_stop` said so while another process was at work.
        """
        with alone(self._path.with_suffix(".lock"), should_stop):
            self._take_in()
            self._file.truncate(self._end * self._size)
            yield

    def append(self, keys: Sequence[str], rows: np.ndarray) -> None:
        """Add `rows` (B, N) of the pictures `keys`; only within `alone`.

        Raises:
            OSError: the disk is full; what was whole before still is.
        """
        raw = [bytes.fromhex(key) for key in keys]
        contents = [row.astype(ROW_TYPE).tobytes() for row in rows]
        content = b"".join(
            key + zlib.crc32(row, zlib.crc32(key)).to_bytes(CHECK, "little") + row
            for key, row in zip(raw, contents, strict=True)
        )
        self._file.seek(self._end * self._size)
        written = 0
        while written < len(content):
            written += self._file.write(content[written:])
        for number, key in enumerate(raw, self._end):
            self._numbers[key] = number
        self._end += len(raw)

    def read(self, keys: Sequence[str], into: np.ndarray | None = None) -> np.ndarray:
        """The rows of `keys`, float32 (B, N), in an array of their own or in `into`.

        Raises:
            DatasetError: a row has rotted since the file was opened.
            KeyError: a picture has no row.
        """
        rows = np.empty((len(keys), self.features), ROW_TYPE) if into is None else into
        record = bytearray(self._size)
        for place, key in enumerate(keys):
            raw = bytes.fromhex(key)
            self._file.seek(self._numbers[raw] * self._size)
            if self._file.readinto(record) != self._size or not _is_whole(memoryview(record), raw):
                raise DatasetError(
                    "Features that were kept on the disk are damaged.",
                    found=str(self._path),
                    fix="Start the run again: what is damaged is computed anew.",
                )
            rows[place] = np.frombuffer(record, ROW_TYPE, offset=KEY + CHECK)
        return rows

    def _take_in(self) -> None:
        """Learn of all whole records after the last known one."""
        number = self._end
        self._file.seek(number * self._size)
        step = max(1, BLOCK // self._size) * self._size
        while block := self._file.read(step):
            for start in range(0, len(block) - self._size + 1, self._size):
                record = memoryview(block)[start : start + self._size]
                if _is_whole(record):
                    self._numbers[bytes(record[:KEY])] = number
                    self._end = number + 1
                number += 1


def _is_whole(record: memoryview, key: bytes | None = None) -> bool:
    """Whether a record is as it was written, and of the picture `key`."""
    check = int.from_bytes(record[KEY : KEY + CHECK], "little")
    is_same = zlib.crc32(record[KEY + CHECK :], zlib.crc32(record[:KEY])) == check
    return is_same and key in (None, record[:KEY])


def _tidy(path: Path) -> None:
    """Delete the files beside `path` that nothing has asked for in a month."""
    for file in path.parent.glob("*.f32"):
        with suppress(OSError):
            if file != path and time.time() - file.stat().st_mtime > _UNUSED_AFTER:
                file.unlink()
