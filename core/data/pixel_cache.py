"""Every picture of a data set decoded and resized once, in a memory-mapped array that epochs read from."""

import hashlib
import math
import secrets
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
from filelock import FileLock, Timeout

from core.data.dataset import Dataset
from core.data.decoding import open_picture
from core.data.parallel import Progress, StopCheck, in_threads, unhurried
from core.data.preprocessing import Preprocessing
from core.errors import Cancelled, DatasetError, PictureRejected, WorkbenchError
from core.workspace import Workspace

DECODING_VERSION = 1  # raise it when the same file and settings give other pixels than before
_ABANDONED_AFTER = 24 * 3600  # seconds
_UNUSED_AFTER = 30 * _ABANDONED_AFTER


@dataclass(frozen=True)
class PixelCache:
    """`pixels` is a read-only uint8 array (N, H, W, C); row i is `dataset.pictures[i]`."""

    path: Path
    pixels: np.ndarray


def open_pixel_cache(
    workspace: Workspace,
    dataset: Dataset,
    preprocessing: Preprocessing,
    *,
    on_progress: Progress,
    should_stop: StopCheck,
) -> PixelCache:
    """The pixels that `preprocessing` makes of `dataset`, from the cache or decoded now.

    `on_progress` gets (files done, files in all, words). Two processes that want the same pixels build
    them once: the second waits for the first.

    Raises:
        DatasetError: a picture has vanished or can't be decoded any more; it is named.
        WorkbenchError: the disk is full.
        Cancelled: `should_stop` said so.
    """
    folder = workspace.caches / "pixels"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{cache_key(dataset, preprocessing)}.u8"
    p = preprocessing
    shape = (len(dataset.pictures), p.height, p.width, p.color.channels)
    with _alone(path.with_suffix(".lock"), should_stop):
        if not (path.exists() and path.stat().st_size == math.prod(shape)):
            _tidy(folder)
            _build(path, dataset, preprocessing, unhurried(on_progress), should_stop)
        path.touch()
    return PixelCache(path, np.memmap(path, np.uint8, "r", shape=shape))


def cache_key(dataset: Dataset, preprocessing: Preprocessing) -> str:
    """Content of the pictures, in order, and all that decides their pixels (not the normalization)."""
    p = preprocessing
    digest = hashlib.sha256(f"{DECODING_VERSION} {PIL.__version__}".encode())
    digest.update(f"{p.height}x{p.width} {p.color} {p.resize}".encode())
    for picture in dataset.pictures:
        digest.update(picture.key.encode())
    return digest.hexdigest()[:24]


@contextmanager
def _alone(lock_file: Path, should_stop: StopCheck) -> Iterator[None]:
    """Hold `lock_file`; a holder that dies lets go of it."""
    lock = FileLock(lock_file)
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            if should_stop():
                raise Cancelled from None
    try:
        yield
    finally:
        lock.release()


def _build(
    path: Path, dataset: Dataset, preprocessing: Preprocessing, report: Progress, should_stop: StopCheck
) -> None:
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, picture in enumerate(dataset.pictures):
        rows_of[picture.key].append(row)
    decoding = in_threads(
        lambda rows: _pixels(dataset, rows[0], preprocessing), rows_of.values(), should_stop=should_stop
    )
    partial = path.with_name(f"{path.stem}-{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as file, closing(decoding) as decoded:
            for done, (rows, pixels) in enumerate(decoded, start=1):
                for row in rows:
                    file.seek(row * pixels.nbytes)
                    file.write(pixels.tobytes())
                report(done, len(rows_of), "Decoding the pictures")
        partial.replace(path)
    except OSError as error:
        raise WorkbenchError(
            "The decoded pictures can't be kept on the disk.",
            expected=f"{len(dataset.pictures) * math.prod(preprocessing.shape) / 1e6:,.0f} MB free",
            found=f"{shutil.disk_usage(path.parent).free / 1e6:,.0f} MB free ({error.strerror})",
            fix="Free some space, or choose a smaller picture size.",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _pixels(dataset: Dataset, row: int, preprocessing: Preprocessing) -> np.ndarray:
    """uint8 (H, W, C) of one picture."""
    picture = dataset.pictures[row]
    try:
        image = open_picture(dataset.path(picture), at_least=(preprocessing.height, preprocessing.width))
    except PictureRejected as rejection:
        raise DatasetError(
            f"The picture {picture.name} of data set {dataset.name} can't be read any more.",
            found=rejection.problem,
            fix="Import the data set again.",
        ) from rejection
    return preprocessing.pixels(image)


def _tidy(folder: Path) -> None:
    """Delete what builders that died half-way left, and pixels that nothing has asked for in a month."""
    for pattern, age in (("*.partial", _ABANDONED_AFTER), ("*.u8", _UNUSED_AFTER)):
        for file in folder.glob(pattern):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > age:
                    file.unlink()
