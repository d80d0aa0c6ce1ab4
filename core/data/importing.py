"""Bring pictures in: from a source to a data set that stands whole, or to nothing."""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from core.data.archive import ZipSource
from core.data.dataset import Dataset, Picture, Rejected, checked_name, save_dataset
from core.data.decoded import MOST_PIXELS, DecodedPicture, DecodedWriter, decoded_from
from core.data.decoding import MAX_FILE_BYTES, PictureFacts, read_through
from core.data.folder_layout import Place, shown, understand
from core.data.incoming import check_room, incoming, remove_leftovers
from core.data.parallel import Progress, StopCheck, in_threads, never, unhurried
from core.data.sources import (
    FolderSource,
    PictureSource,
    SampleDigits,
    SourceFile,
    UploadedFilesSource,
    typed_path,
)
from core.data.splitting import SplitSettings, make_split, save_split
from core.errors import ImportRefused, PictureRejected
from core.workspace import Workspace, new_id

_COPYING = "copying"
PICTURES_FOLDER = "pictures"
SLIM = 20  # long side over short side
TINY = 4  # pixels
_BLOCK = 1 << 20
_ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "TIFF": "tif"}


class SourceKind(StrEnum):
    SAMPLE_DIGITS = "sample-digits"
    ZIP = "zip"
    FOLDER = "folder"
    UPLOADS = "uploads"


@dataclass(frozen=True)
class ImportConfig:
    """One import, as the job process reads it.

    `path` is the zip, the folder, or the folder that `stage_uploads` filled; `came_as` is what the user
    calls it ("photos.zip"), where that differs from the path.
    """

    name: str
    source_kind: SourceKind
    path: str = ""
    came_as: str = ""
    kind: str = "import"

    def __post_init__(self) -> None:
        checked_name(self.name)


class NothingImported(ImportRefused):
    """There were files, but no usable picture among them: `rejected` names each."""

    def __init__(self, rejected: tuple[Rejected, ...]) -> None:
        first = "; ".join(f"{r.name}: {r.reason}" for r in rejected[:5])
        more = f"; and {len(rejected) - 5:,} more" if len(rejected) > 5 else ""
        super().__init__(
            "No picture could be used.",
            expected="pictures in one folder a class",
            found=first + more if rejected else "no files",
            fix="Bring PNG, JPEG, GIF, WEBP, BMP or TIFF files in one folder a class.",
        )
        self.rejected = rejected


@dataclass(frozen=True)
class _Stored:
    """A file that was copied in and read through."""

    key: str
    file: str
    bytes: int
    facts: PictureFacts
    decoded: DecodedPicture | None


def import_dataset(
    workspace: Workspace,
    config: ImportConfig,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> Dataset:
    """Check, copy and describe every picture of the source; the data set appears when all of it is done.

    `on_progress` gets (files done, files in all, words).

    Raises:
        ImportRefused: nothing usable, a hostile archive, or no room on the disk.
        Cancelled: `should_stop` said so. Either way nothing is left behind.
    """
    remove_leftovers(workspace)
    dataset_id = new_id(config.name)
    with incoming(workspace, dataset_id) as folder, _source(config) as source:
        dataset = _build(source, config, dataset_id, folder, unhurried(on_progress), should_stop)
    _drop_staged(workspace, config)
    return replace(dataset, folder=workspace.datasets / dataset_id)


def _build(
    source: PictureSource,
    config: ImportConfig,
    dataset_id: str,
    folder: Path,
    report: Progress,
    should_stop: StopCheck,
) -> Dataset:
    report(0, 0, "Listing the files")
    listing = source.listing(should_stop)
    layout = understand([file.name for file in listing.files] + list(listing.folders))
    placed = sorted(
        ((listing.files[index], place) for index, place in layout.places.items()), key=lambda p: p[0].name
    )
    needed = sum(file.size for file, _ in placed)
    check_room(folder, needed)
    (folder / _COPYING).mkdir()
    rejected = [*listing.rejected, *layout.rejected]
    pictures: list[Picture] = []
    animated = 0
    taking = in_threads(lambda pair: _take(pair[0], folder), placed, should_stop=should_stop)
    with closing(taking) as outcomes, closing(DecodedWriter(folder, needed)) as kept:
        for done, ((file, place), outcome) in enumerate(outcomes, start=1):
            if isinstance(outcome, PictureRejected):
                rejected.append(_rejected(file.name, outcome))
            else:
                pictures.append(_picture(file.name, place, outcome))
                kept.add(outcome.key, outcome.decoded)
                animated += outcome.facts.frames > 1
            report(done, len(placed), "Checking the pictures")
    rejected.sort(key=lambda r: r.name)
    if not pictures:
        raise NothingImported(tuple(rejected))

    shutil.rmtree(folder / _COPYING)
    dataset = Dataset(
        id=dataset_id,
        name=checked_name(config.name),
        folder=folder,
        created=time.time(),
        source=_source_words(config),
        classes=tuple(sorted({picture.label for picture in pictures})),
        pictures=tuple(pictures),
        rejected=tuple(rejected),
        notes=(*layout.notes, *_notes(pictures, placed, animated)),
    )
    save_dataset(dataset)
    save_split(dataset, make_split(dataset, SplitSettings()))
    return dataset


def _source(config: ImportConfig) -> PictureSource:
    match config.source_kind:
        case SourceKind.SAMPLE_DIGITS:
            return SampleDigits()
        case SourceKind.ZIP:
            return ZipSource(typed_path(config.path))
        case SourceKind.FOLDER:
            return FolderSource(typed_path(config.path))
        case SourceKind.UPLOADS:
            return UploadedFilesSource(typed_path(config.path))


def _source_words(config: ImportConfig) -> str:
    called = config.came_as or Path(config.path).name
    match config.source_kind:
        case SourceKind.SAMPLE_DIGITS:
            return "scikit-learn's handwritten digits"
        case SourceKind.ZIP:
            return f"zip file {called}"
        case SourceKind.FOLDER:
            return f"folder {config.path}"
        case SourceKind.UPLOADS:
            return f"upload of {called}" if config.came_as else "uploaded files"


def _take(file: SourceFile, folder: Path) -> _Stored | PictureRejected:
    """Copy `file` in under its hash and read it through; copies of one file are stored once."""
    copy = folder / _COPYING / str(threading.get_ident())
    try:
        key, size = _copy(file, copy)
        facts, picture = read_through(copy, most=MOST_PIXELS)
    except PictureRejected as rejection:
        return rejection
    place = place_of(key, facts.format)
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        copy.replace(target)
    decoded = None if picture is None else decoded_from(target, picture)
    return _Stored(key, place, size, facts, decoded)


def place_of(key: str, picture_format: str) -> str:
    """Where, below its data set's folder, a file of this SHA-256 and format lies."""
    ending = _ENDINGS.get(picture_format, picture_format.lower())
    return f"{PICTURES_FOLDER}/{key[:2]}/{key}.{ending}"


def _copy(file: SourceFile, target: Path) -> tuple[str, int]:
    """SHA-256 and size of `file`, which is written to `target` block by block."""
    digest = hashlib.sha256()
    size = 0
    with target.open("wb") as out:
        for block in _blocks(file):
            size += len(block)
            if size > MAX_FILE_BYTES:
                raise PictureRejected(
                    "The file is too large.",
                    expected=f"at most {MAX_FILE_BYTES / 1e6:.0f} MB",
                    fix="Save it smaller, as JPEG for instance.",
                )
            digest.update(block)
            out.write(block)
    return digest.hexdigest(), size


def _blocks(file: SourceFile) -> Iterator[bytes]:
    try:
        with file.open() as stream:
            while block := stream.read(_BLOCK):
                yield block
    except Exception as error:  # zip members fail in many ways: checksum, compression kind, cut
        raise PictureRejected(
            "The file can't be read.",
            found=f"{type(error).__name__}: {error}"[:120],
            fix="Copy or pack the original again.",
        ) from error


def _picture(name: str, place: Place, stored: _Stored) -> Picture:
    facts = stored.facts
    return Picture(
        key=stored.key,
        file=stored.file,
        name=shown(name),
        label=place.label,
        given_split=place.split,
        width=facts.width,
        height=facts.height,
        mode=facts.mode,
        format=facts.format,
        bytes=stored.bytes,
    )


def _rejected(name: str, rejection: PictureRejected) -> Rejected:
    details = [
        f"{word} {text}"
        for word, text in (("expected", rejection.expected), ("found", rejection.found))
        if text
    ]
    reason = rejection.problem.rstrip(".") + (f" ({'; '.join(details)})" if details else "") + "."
    return Rejected(shown(name), reason, rejection.fix)


def _notes(pictures: list[Picture], placed: list[tuple[SourceFile, Place]], animated: int) -> list[str]:
    notes = []
    labels = {picture.label for picture in pictures}
    for label in sorted({place.label for _, place in placed} - labels):
        notes.append(f"Class {label} has no usable picture, so there is no such class.")
    if len(labels) == 1:
        notes.append("There is one class only: a network needs at least two to tell apart.")
    if animated:
        notes.append(f"{_count(animated)} with several frames: the first frame is used.")
    if slim := sum(max(p.width, p.height) > SLIM * min(p.width, p.height) for p in pictures):
        notes.append(f"{_count(slim)} more than {SLIM} times as long as wide: resizing will distort a lot.")
    if tiny := sum(max(p.width, p.height) < TINY for p in pictures):
        notes.append(f"{_count(tiny)} smaller than {TINY} pixels a side: there is hardly anything to see.")
    return notes


def _count(pictures: int) -> str:
    return "1 picture" if pictures == 1 else f"{pictures:,} pictures"


def _drop_staged(workspace: Workspace, config: ImportConfig) -> None:
    """Uploads were only kept for this import; a zip or folder of the user's own stays."""
    path = Path(config.path)
    if config.source_kind in (SourceKind.ZIP, SourceKind.UPLOADS) and path.is_relative_to(workspace.imports):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
