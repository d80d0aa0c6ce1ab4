"""Every picture of a data set decoded and resized once, in a file of rows that epochs read from.

The file holds uint8 pixels (N, H, W, C), then one checksum a row (core/data/pixel_rows.py).
"""

import hashlib
import math
import secrets
import shutil
import time
from collections import defaultdict
from collections.abc import Collection
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL

from core.data.alone import alone
from core.data.dataset import Dataset, Picture
from core.data.decoded import DecodedPictures
from core.data.decoding import DECODING_VERSION, open_picture
from core.data.parallel import Progress, StopCheck, in_threads, unhurried
from core.data.pixel_rows import ENTRY, LOST, PixelRows, entry_of
from core.data.receives import Receives
from core.errors import PictureRejected, PicturesLost, WorkbenchError
from core.workspace import Workspace

NAMED = 5  # pictures that a message names
_ABANDONED_AFTER = 24 * 3600  # seconds
_UNUSED_AFTER = 30 * _ABANDONED_AFTER


@dataclass(frozen=True)
class PixelCache:
    """`pixels` is a read-only uint8 array (N, H, W, C); row i is `dataset.pictures[i]`.

    `rows` reads the same pixels with their checksums; what must not trust the disk reads there.
    """

    path: Path
    pixels: np.ndarray
    rows: PixelRows


def open_pixel_cache(
    workspace: Workspace,
    dataset: Dataset,
    preprocessing: Receives,
    *,
    on_progress: Progress,
    should_stop: StopCheck,
    without: Collection[str] = (),
) -> PixelCache:
    """The pixels that `preprocessing` makes of `dataset`, from the cache or decoded now.

    `on_progress` gets (files done, files in all, words). Two processes that want the same pixels build
    them once: the second waits for the first. The rows of pictures whose keys are in `without` may stay
    empty.

    Raises:
        PicturesLost: pictures have vanished, have changed or can't be decoded any more; they are named.
        WorkbenchError: the disk is full.
        Cancelled: `should_stop` said so.
    """
    path = cache_path(workspace, dataset, preprocessing)
    path.parent.mkdir(parents=True, exist_ok=True)
    channels, height, width = preprocessing.shape
    shape = (len(dataset.pictures), height, width, channels)
    with alone(path.with_suffix(".lock"), should_stop):
        if not (path.exists() and path.stat().st_size == cache_bytes(shape[0], preprocessing)):
            _tidy(path.parent)
            _build(path, dataset, preprocessing, unhurried(on_progress), should_stop)
        path.touch()
        rows = PixelRows(path, shape, lambda row: pixels_of(dataset, row, preprocessing))
        _mend_lost(rows, dataset, without)
    return PixelCache(path, np.memmap(path, np.uint8, "r", shape=shape), rows)


def cache_path(workspace: Workspace, dataset: Dataset, preprocessing: Receives) -> Path:
    return workspace.caches / "pixels" / f"{cache_key(dataset, preprocessing)}.u8"


def cache_bytes(pictures: int, preprocessing: Receives) -> int:
    """Size of the file for that many pictures."""
    return pictures * (math.prod(preprocessing.shape) + ENTRY.itemsize)


def cache_key(dataset: Dataset, preprocessing: Receives) -> str:
    """Content of the pictures, in order, and all that decides their pixels (not the normalization)."""
    digest = hashlib.sha256(f"{DECODING_VERSION} {PIL.__version__}".encode())
    digest.update(preprocessing.pixels_key.encode())
    for picture in dataset.pictures:
        digest.update(picture.key.encode())
    return digest.hexdigest()[:24]


def _build(
    path: Path, dataset: Dataset, preprocessing: Receives, report: Progress, should_stop: StopCheck
) -> None:
    kept = DecodedPictures(dataset)
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, picture in enumerate(dataset.pictures):
        rows_of[picture.key].append(row)

    def decode(rows: list[int]) -> np.ndarray | None:
        if (picture := kept.get(rows[0], preprocessing.at_least)) is not None:
            return preprocessing.pixels(picture)
        with suppress(PicturesLost):
            return pixels_of(dataset, rows[0], preprocessing)
        return None

    decoding = in_threads(decode, rows_of.values(), should_stop=should_stop)
    entries = np.full(len(dataset.pictures), LOST, ENTRY)
    partial = path.with_name(f"{path.stem}-{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as file, closing(decoding) as decoded:
            for done, (rows, pixels) in enumerate(decoded, start=1):
                if pixels is not None:
                    entries[rows] = entry_of(pixels)
                    for row in rows:
                        file.seek(row * pixels.nbytes)
                        file.write(pixels.tobytes())
                report(done, len(rows_of), "Decoding the pictures")
            file.seek(len(dataset.pictures) * math.prod(preprocessing.shape))
            file.write(entries.tobytes())
        partial.replace(path)
    except OSError as error:
        raise WorkbenchError(
            "The decoded pictures can't be kept on the disk.",
            expected=f"{cache_bytes(len(dataset.pictures), preprocessing) / 1e6:,.0f} MB free",
            found=f"{shutil.disk_usage(path.parent).free / 1e6:,.0f} MB free ({error.strerror})",
            fix="Free some space, or choose a smaller picture size.",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _mend_lost(rows: PixelRows, dataset: Dataset, without: Collection[str]) -> None:
    """Look once more for the pictures that could not be read, as they may be back."""
    lost: list[tuple[Picture, PicturesLost]] = []
    for row in rows.lost():
        if dataset.pictures[row].key not in without:
            try:
                rows.mend(row)
            except PicturesLost as loss:
                lost.append((dataset.pictures[row], loss))
    if len(lost) == 1:
        raise lost[0][1]
    if lost:
        named = ", ".join(picture.name for picture, _ in lost[:NAMED])
        more = f" and {len(lost) - NAMED:,} more" if len(lost) > NAMED else ""
        raise PicturesLost(
            f"{len(lost):,} pictures of data set {dataset.name} can't be read any more: {named}{more}.",
            found=lost[0][1].found,
            fix=lost[0][1].fix,
            keys=tuple(dict.fromkeys(picture.key for picture, _ in lost)),
        )


def pixels_of(dataset: Dataset, row: int, preprocessing: Receives) -> np.ndarray:
    """uint8 (H, W, C) of one picture, whose file is still the one that was imported."""
    picture = dataset.pictures[row]
    try:
        with dataset.path(picture).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != picture.key:
                raise PictureRejected("The file is not the one that was imported.", fix="")
            image = open_picture(file, at_least=preprocessing.at_least)
            return preprocessing.pixels(image)
    except (OSError, PictureRejected) as damage:
        raise PicturesLost(
            f"The picture {picture.name} of data set {dataset.name} can't be read any more.",
            found=damage.problem if isinstance(damage, PictureRejected) else str(damage.strerror),
            fix=f"Put {dataset.path(picture)} back, go on without it, or import the data set again.",
            keys=(picture.key,),
        ) from damage


def _tidy(folder: Path) -> None:
    """Delete what builders that died half-way left, and pixels that nothing has asked for in a month."""
    for pattern, age in (("*.partial", _ABANDONED_AFTER), ("*.u8", _UNUSED_AFTER)):
        for file in folder.glob(pattern):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > age:
                    file.unlink()
