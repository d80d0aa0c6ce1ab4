"""The central directory of a zip, looked at before `zipfile` reads it whole.

Layout: APPNOTE.TXT of PKWARE, sections 4.3.12 (entries), 4.3.14 to 4.3.16 (end records).
"""

import io
import struct
from bisect import bisect_left
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from core.errors import ImportRefused

MAX_ENTRIES = 150_000  # `zipfile` keeps half a kilobyte of each, and 64 MB hold a million of them
MAX_DIRECTORY_BYTES = 64_000_000  # it is held in memory, so a bomb could hide in it

_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
_END_64, _END_64_BYTES = b"PK\x06\x06", 56
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_ENTRY, _ENTRY_BYTES = b"PK\x01\x02", 46
_UTF8_NAME = 0x800


@dataclass(frozen=True)
class _Directory:
    """Where the entries lie; `shift` is what other bytes before the zip add to every offset in it."""

    offset: int
    size: int
    shift: int


def directory_checked(file: BinaryIO) -> IO[bytes]:
    """`file`, or a view of it in which every name can be decoded.

    `zipfile` gives a whole archive up for one name that claims to be UTF-8 and is not. In the view such a
    name claims nothing, so that it is read as CP437: odd letters, but the file is named and comes in.

    Raises:
        ImportRefused: there are more entries than can be held.
    """
    directory = _find(file)
    if directory is None:
        return file
    if directory.size > MAX_DIRECTORY_BYTES:
        raise _too_many(
            f"a list of names of at most {MAX_DIRECTORY_BYTES / 1e6:.0f} MB",
            f"{directory.size / 1e6:,.0f} MB",
        )
    file.seek(directory.offset)
    flags = _false_utf8_flags(file.read(directory.size), directory)
    return io.BufferedReader(_WithoutFlags(file, flags)) if flags else file


def _find(file: BinaryIO) -> _Directory | None:
    """The directory where `zipfile` will look for it; what differed would go unchecked."""
    length = file.seek(0, io.SEEK_END)
    tail_at = max(0, length - _END_BYTES - _LONGEST_COMMENT)
    file.seek(tail_at)
    tail = file.read()
    ends_plainly = tail[-_END_BYTES:].startswith(_END) and tail.endswith(b"\0\0")
    at = len(tail) - _END_BYTES if ends_plainly else tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        return None
    size, said_to_be_at = struct.unpack_from("<2L", tail, at + 12)
    end = tail_at + at
    locator_at = at - _LOCATOR_BYTES
    if locator_at >= 0 and tail.startswith(_LOCATOR, locator_at):
        record_at = end - _LOCATOR_BYTES - _END_64_BYTES
        file.seek(max(0, record_at))
        record = file.read(_END_64_BYTES)
        if len(record) == _END_64_BYTES and record.startswith(_END_64):
            end = record_at
            size, said_to_be_at = struct.unpack_from("<2Q", record, 40)
    return _Directory(end - size, size, end - size - said_to_be_at) if end >= size else None


def _false_utf8_flags(entries: bytes, directory: _Directory) -> list[int]:
    """Where in the file the bytes lie that say "UTF-8" of names that are not, sorted.

    Each entry says it twice: in the directory and before the member itself.

    Raises:
        ImportRefused: there are more than `MAX_ENTRIES`.
    """
    positions = []
    at = count = 0
    while entries.startswith(_ENTRY, at) and at + _ENTRY_BYTES <= len(entries):
        flags = struct.unpack_from("<H", entries, at + 8)[0]
        name, extra, comment = struct.unpack_from("<3H", entries, at + 28)
        member = struct.unpack_from("<L", entries, at + 42)[0]
        if flags & _UTF8_NAME and not _is_utf8(entries[at + _ENTRY_BYTES : at + _ENTRY_BYTES + name]):
            positions += [directory.offset + at + 9, directory.shift + member + 7]
        at += _ENTRY_BYTES + name + extra + comment
        count += 1
        if count > MAX_ENTRIES:
            raise _too_many(f"at most {MAX_ENTRIES:,}", "more")
    return sorted(positions)


def _too_many(expected: str, found: str) -> ImportRefused:
    return ImportRefused(
        "The zip has too many entries.",
        expected=expected,
        found=found,
        fix="Unpack it and import the folder by its path.",
    )


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _WithoutFlags(io.RawIOBase):
    """A file read through, but for the UTF-8 flag, which is cleared in the bytes at `positions`."""

    def __init__(self, file: BinaryIO, positions: list[int]) -> None:
        self._file, self._positions = file, positions

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        start = self._file.tell()
        data = bytearray(self._file.read(memoryview(buffer).nbytes))
        first = bisect_left(self._positions, start)
        for position in self._positions[first : bisect_left(self._positions, start + len(data))]:
            data[position - start] &= ~(_UTF8_NAME >> 8) & 0xFF
        memoryview(buffer)[: len(data)] = data
        return len(data)
