"""Zip files from anybody: what may be read of them, and why the rest may not."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from core.data.dataset import Rejected
from core.data.decoding import MAX_FILE_BYTES
from core.data.folder_layout import shown
from core.data.parallel import StopCheck, never
from core.data.sources import Listing, SourceFile
from core.data.zip_directory import directory_checked
from core.errors import ImportRefused

MAX_RATIO = 200  # unpacked to packed bytes; pictures are compressed already and stay near 1
BOMB_BYTES = 20_000_000  # small files may pack well: below this the ratio is not looked at
MAX_TOTAL_RATIO = 100
TOTAL_BOMB_BYTES = 2_000_000_000

_ENCRYPTED = 0x1


class ZipSource:
    """The members of a zip. They are opened by member, never unpacked by name."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        try:
            self._file = self.path.open("rb")
        except OSError as error:
            raise ImportRefused(
                "The zip file can't be read.",
                found=error.strerror or "",
                fix="Check the path, or upload it again.",
            ) from error
        try:
            self._zip = zipfile.ZipFile(directory_checked(self._file))
        except ImportRefused:
            self._file.close()
            raise
        except Exception as error:  # zipfile raises many kinds on damaged files
            self._file.close()
            raise ImportRefused(
                "The file is not a whole zip.",
                found=f"{type(error).__name__}: {error}"[:120],
                fix="Upload it again; it may have been cut short, or be another kind of archive.",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def listing(self, should_stop: StopCheck = never) -> Listing:
        """What may be read; the rest is named and rejected.

        Raises:
            ImportRefused: the archive is empty, or as a whole is locked or a bomb.
        """
        entries = self._zip.infolist()
        files: list[SourceFile] = []
        folders: list[str] = []
        rejected: list[Rejected] = []
        for entry in entries:
            if entry.is_dir():
                folders.append(entry.filename)
            elif refusal := _refusal(entry):
                rejected.append(refusal)
            else:
                files.append(SourceFile(entry.filename, entry.file_size, self._opener(entry)))
        if not files and any(_is_locked(entry) for entry in entries):
            raise ImportRefused("The zip is locked with a password.", fix="Pack it again without a password.")
        if not files and not rejected:
            raise ImportRefused("The zip is empty.", fix="Pack the folder that holds the class folders.")
        total, packed = sum(file.size for file in files), self.path.stat().st_size
        if total > TOTAL_BOMB_BYTES and total > MAX_TOTAL_RATIO * packed:
            raise ImportRefused(
                "The zip unpacks to far more than pictures would.",
                expected=f"at most {MAX_TOTAL_RATIO} times its size",
                found=f"{packed / 1e6:.1f} MB that unpack to {total / 1e6:,.0f} MB",
                fix="Unpack it yourself, look at it, and import the folder.",
            )
        return Listing(tuple(files), tuple(folders), tuple(rejected))

    def _opener(self, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
        return lambda: cast(BinaryIO, self._zip.open(entry))


def _refusal(entry: zipfile.ZipInfo) -> Rejected | None:
    name = shown(entry.filename)
    if stat.S_ISLNK(entry.external_attr >> 16):
        return Rejected(name, "It is a link, and links are not followed.", "Pack the file itself.")
    if _is_locked(entry):
        return Rejected(name, "It is locked with a password.", "Pack it again without a password.")
    if entry.file_size > MAX_FILE_BYTES:
        return Rejected(
            name,
            f"It unpacks to {entry.file_size / 1e6:,.0f} MB; at most {MAX_FILE_BYTES / 1e6:.0f} MB are read.",
            "Save it smaller.",
        )
    if entry.file_size > BOMB_BYTES and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        ratio = entry.file_size / max(1, entry.compress_size)
        return Rejected(
            name, f"It unpacks to {ratio:,.0f} times its size, as no picture does.", "Leave it out."
        )
    return None


def _is_locked(entry: zipfile.ZipInfo) -> bool:
    return bool(entry.flag_bits & _ENCRYPTED)
