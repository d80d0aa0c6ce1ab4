"""Pictures as the import decoded them, kept so that the pixels of a training needn't be decoded again.

A cache in the folder of the data set: uint8 pixels, one picture after another, then an `ENTRY` for each.
What is missing, damaged or too large in it is decoded from the picture's own file.
"""

import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from core.data.dataset import Dataset
from core.data.decoding import DECODING_VERSION, LEAST_SIDE
from core.machine import free_disk

MOST_PIXELS = 512 * 1024  # of a picture that is kept: few JPEGs have more when decoded for `LEAST_SIDE`
MOST_BYTES = 2_000_000_000  # of a data set
DISK_SHARE = 0.1  # of what the pictures themselves leave free
FILE = "decoded.raw"
DECODER = zlib.crc32(f"{DECODING_VERSION} {PIL.__version__}".encode())  # another one may give other pixels

# `channels` is 0 for a picture that isn't kept, `crc` the CRC-32 of `DECODER` and its pixels, `changed` (ns)
# when the file that they were decoded from was last written.
ENTRY = np.dtype(
    {
        "names": ["at", "changed", "crc", "height", "width", "channels"],
        "formats": ["<u8", "<i8", "<u4", "<u2", "<u2", "<u4"],
    }
)


@dataclass(frozen=True)
class DecodedPicture:
    """uint8 pixels (H, W) or (H, W, 3), and their entry but for the place in the file."""

    pixels: np.ndarray
    entry: np.ndarray


def decoded_from(file: Path, picture: Image.Image) -> DecodedPicture:
    """`picture` ("L" or "RGB") as it was just decoded from `file`."""
    pixels = np.asarray(picture)
    height, width, channels = picture.height, picture.width, len(picture.getbands())
    entry = (0, file.stat().st_mtime_ns, zlib.crc32(pixels.data, DECODER), height, width, channels)
    return DecodedPicture(pixels, np.array(entry, ENTRY))


class DecodedWriter:
    """Keeps decoded pictures in `folder`, where a data set is built whose files take `needed` bytes.

    A disk that takes no more ends only the keeping: the import doesn't need it.
    """

    def __init__(self, folder: Path, needed: int) -> None:
        self._path = folder / FILE
        self._left = min(MOST_BYTES, int(DISK_SHARE * (free_disk(folder) - needed)))
        self._entries: list[np.ndarray] = []
        self._known: dict[str, np.ndarray] = {}
        self._file = self._path.open("wb")

    def add(self, key: str, picture: DecodedPicture | None) -> None:
        """The next picture of the data set; copies of one file have one `key`, and None is not kept."""
        entry = self._known.get(key)
        if entry is None:
            entry = self._kept(picture)
            self._known[key] = entry
        self._entries.append(entry)

    def _kept(self, picture: DecodedPicture | None) -> np.ndarray:
        if picture is None or picture.pixels.nbytes > self._left:
            return np.zeros((), ENTRY)
        entry = picture.entry.copy()
        entry["at"] = self._file.tell()
        self._left -= picture.pixels.nbytes
        try:
            self._file.write(picture.pixels.data)
        except OSError:
            self._left = 0
            return np.zeros((), ENTRY)
        return entry

    def close(self) -> None:
        """End the file; one that the disk doesn't take is dropped."""
        try:
            with self._file:
                self._file.write(np.array(self._entries, ENTRY).tobytes())
        except OSError:
            self._path.unlink(missing_ok=True)


class DecodedPictures:
    """What is kept of a data set."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset, self._path = dataset, dataset.folder / FILE
        self._entries = np.zeros(len(dataset.pictures), ENTRY)
        with suppress(OSError, ValueError), self._path.open("rb") as file:
            file.seek(-self._entries.nbytes, os.SEEK_END)
            self._entries = np.frombuffer(file.read(), ENTRY)

    def get(self, row: int, at_least: tuple[int, int]) -> Image.Image | None:
        """What `open_picture(file, at_least=at_least)` would make of the file of picture `row`.

        None where only decoding can tell: the picture isn't kept, was damaged or decoded by another version,
        its file is not the one any more that was imported, or it is wanted larger than it was decoded.
        """
        entry, picture = self._entries[row], self._dataset.pictures[row]
        height, width, channels = (int(entry[name]) for name in ("height", "width", "channels"))
        whole = (height, width) == (picture.height, picture.width)
        if not channels or not (whole or max(at_least) <= LEAST_SIDE):
            return None
        try:
            file = self._dataset.path(picture).stat()
            if (file.st_size, file.st_mtime_ns) != (picture.bytes, entry["changed"]):
                return None
            with self._path.open("rb") as stored:
                stored.seek(int(entry["at"]))
                pixels = stored.read(height * width * channels)
        except OSError:
            return None
        if len(pixels) != height * width * channels or zlib.crc32(pixels, DECODER) != entry["crc"]:
            return None
        return Image.frombytes("RGB" if channels == 3 else "L", (width, height), pixels)
