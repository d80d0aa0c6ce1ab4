"""Where pictures come from: each source lists its files by name and opens them one at a time."""

import io
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from core.data.dataset import Rejected
from core.data.folder_layout import shown
from core.data.parallel import StopCheck, never
from core.data.sample_digits import digit_names, digit_png
from core.errors import Cancelled, ImportRefused
from core.workspace import read_json, write_text

MAX_FILES = 500_000
LONGEST_PATH = 4000  # characters
NAMES_FILE = "names.json"


@dataclass(frozen=True)
class SourceFile:
    """One file: the name it came with, relative to its source, its bytes if known, and how to read it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class Listing:
    """All that a source holds. `folders` (each ending in "/") tell of empty classes."""

    files: tuple[SourceFile, ...]
    folders: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()


class PictureSource(Protocol):
    """A context manager, so that an archive can stay open while its files are read."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def listing(self, should_stop: StopCheck = never) -> Listing: ...


class _NothingToClose:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class FolderSource(_NothingToClose):
    """A folder of this machine, read in place; links to folders or to files outside are not followed.

    Hidden folders are listed, but not entered.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def listing(self, should_stop: StopCheck = never) -> Listing:
        """Every file below the folder.

        Raises:
            ImportRefused: there is no such folder, or it holds too many files.
            Cancelled: `should_stop` said so.
        """
        try:
            root = self.path.resolve(strict=True)
        except OSError:
            raise ImportRefused(
                f"There is no folder {self.path}.", fix="Check the path: it is one of the server's machine."
            ) from None
        if not root.is_dir():
            raise ImportRefused(
                f"{self.path} is not a folder.", fix="Give the folder that holds the classes."
            )
        files: list[SourceFile] = []
        folders: list[str] = []
        rejected: list[Rejected] = []

        def unreadable(error: OSError) -> None:
            name = os.path.relpath(error.filename or root, root)
            reason = f"The folder can't be read: {error.strerror}."
            rejected.append(Rejected(shown(name), reason, "Give yourself the right to read it."))

        for folder, subfolders, names in os.walk(root, onerror=unreadable):
            if should_stop():
                raise Cancelled
            here = Path(folder)
            for subfolder in list(subfolders):
                relative = (here / subfolder).relative_to(root).as_posix()
                if (here / subfolder).is_symlink():
                    subfolders.remove(subfolder)
                    rejected.append(_link(relative))
                    continue
                folders.append(relative + "/")
                if subfolder.startswith("."):
                    subfolders.remove(subfolder)
            for name in names:
                if should_stop():
                    raise Cancelled
                relative = (here / name).relative_to(root).as_posix()
                found = _file_in(root, here / name, relative)
                if isinstance(found, SourceFile):
                    files.append(found)
                else:
                    rejected.append(found)
            if len(files) > MAX_FILES:
                raise ImportRefused(
                    "The folder holds too many files.",
                    expected=f"at most {MAX_FILES:,}",
                    fix="Choose the folder that holds the classes, not one above it.",
                )
        return Listing(tuple(files), tuple(folders), tuple(rejected))


class UploadedFilesSource(_NothingToClose):
    """Files that a browser sent, as `stage_uploads` laid them down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def listing(self, should_stop: StopCheck = never) -> Listing:
        try:
            names = read_json(self.folder / NAMES_FILE)
            paths = [staged_file(self.folder, i) for i in range(len(names))]
            files = [
                SourceFile(str(n), p.stat().st_size, _opener(p)) for n, p in zip(names, paths, strict=True)
            ]
        except (OSError, ValueError, TypeError):
            raise ImportRefused("The upload is gone or incomplete.", fix="Upload the files again.") from None
        return Listing(tuple(files))


class SampleDigits(_NothingToClose):
    """scikit-learn's 1,797 handwritten digits, as grey 8x8 PNGs in class folders."""

    def listing(self, should_stop: StopCheck = never) -> Listing:
        return Listing(tuple(SourceFile(name, 0, _digit_opener(i)) for i, name in enumerate(digit_names())))


def typed_path(text: str) -> Path:
    """The path that a user typed, "~" being their home; it may or may not exist.

    Raises:
        ImportRefused: no path can look like this, or what stands there can't be reached.
    """
    text = text.strip()
    try:
        too_long = len(text) > LONGEST_PATH or any(len(name.encode()) > 255 for name in text.split("/"))
        if not text or "\0" in text or too_long:
            raise ValueError("empty, a zero byte, or longer than paths and names can be")
        path = Path(text).expanduser()
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()
        return path
    except OSError as error:
        raise ImportRefused(
            "That path can't be reached.",
            found=error.strerror or type(error).__name__,
            fix="Check that the app may read every folder on the way.",
        ) from error
    except (ValueError, RuntimeError) as error:  # an unknown "~user" is a RuntimeError
        raise ImportRefused(
            "That can't be a path.",
            expected="a folder or a zip file of the server's machine",
            found=repr(text[:60]),
            fix="Type the whole path, such as /home/me/pictures.",
        ) from error


def stage_uploads(folder: Path, files: Iterable[tuple[str, BinaryIO]]) -> None:
    """Lay (client's name, stream) pairs down for `UploadedFilesSource`; no name becomes a path."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for index, (name, stream) in enumerate(files):
        names.append(shown(name))
        with staged_file(folder, index).open("wb") as staged:
            while block := stream.read(1 << 20):
                staged.write(block)
    write_text(folder / NAMES_FILE, json.dumps(names, ensure_ascii=False))


def staged_file(folder: Path, index: int) -> Path:
    """Where `stage_uploads` lays the file of that index down."""
    return folder / f"{index:07d}"


def _file_in(root: Path, path: Path, name: str) -> SourceFile | Rejected:
    try:
        if path.is_symlink() and not path.resolve(strict=True).is_relative_to(root):
            return _link(name)
        if not path.is_file():
            return Rejected(shown(name), "It is not an ordinary file.", "Leave it out.")
        return SourceFile(name, path.stat().st_size, _opener(path))
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
        return Rejected(shown(name), f"It can't be read: {error}.", "Check that it is still there.")


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _digit_opener(index: int) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(digit_png(index))


def _link(name: str) -> Rejected:
    return Rejected(shown(name), "It is a link, and links are not followed.", "Put the file itself there.")
