"""From a file that anybody may have made to an upright 8-bit picture, or a reason why not.

Import, pixel cache and prediction all decode here, so one file always gives the same pixels.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError, features

from core.errors import PictureRejected

DECODING_VERSION = 3  # raise it when the same file and settings give other pixels than before
MAX_PIXELS = 89_000_000  # Pillow itself warns of a bomb from 89,478,485 on
MAX_SIDE = 60_000
MAX_FILE_BYTES = 200_000_000
LARGE_PIXELS = 25_000_000  # from here on pictures are decoded one at a time, to bound memory
LEAST_SIDE = 128  # pixels: one decoding of a JPEG serves all sizes up to this

FORMATS = tuple(
    name
    for name in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF")
    if name != "AVIF" or features.check("avif")
)
FORMAT_NAMES = ", ".join(FORMATS[:-1]) + " or " + FORMATS[-1]

Source = Path | bytes | BinaryIO

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}

_large_picture = threading.Semaphore(1)


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a file holds: Pillow's format and mode as stored, pixels after the EXIF turn, frames."""

    format: str
    mode: str
    width: int
    height: int
    frames: int


def open_picture(source: Source, *, at_least: tuple[int, int] | None = None) -> Image.Image:
    """The first frame of `source`, upright, as mode "L" (grey) or "RGB", transparency over white.

    With `at_least` (height, width in pixels) a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size,
    but never below twice `at_least` or twice `LEAST_SIDE`, so that resizing to it stays sharp.

    Raises:
        PictureRejected: the file is no picture, is damaged, or is too large to be decoded safely.
    """
    with _opened(source) as image:
        if at_least:
            _shrink(image, *at_least)
        with _room_for(image):
            image.load()
            return _upright(_eight_bit(image), _orientation(image))


def inspect(source: Source) -> PictureFacts:
    """The facts of `source`, whose pixels were all read, so that a cut file is found.

    Raises:
        PictureRejected: as `open_picture`.
    """
    return read_through(source, most=0)[0]


def read_through(source: Source, *, most: int) -> tuple[PictureFacts, Image.Image | None]:
    """The facts of `source`, and what `open_picture` makes of it for a side of at most `LEAST_SIDE`.

    The picture is None where it has more than `most` pixels.

    Raises:
        PictureRejected: as `open_picture`.
    """
    with _opened(source) as image:
        width, height = image.size
        frames = _frames(image)
        _shrink(image, LEAST_SIDE, LEAST_SIDE)
        with _room_for(image):
            image.load()
            picture = None
            if image.width * image.height <= most:
                picture = _upright(_eight_bit(image), _orientation(image))
        if _is_sideways(image):
            width, height = height, width
        return PictureFacts(image.format or "", image.mode, width, height, frames), picture


@contextmanager
def _opened(source: Source) -> Iterator[Image.Image]:
    """The undecoded picture; whatever goes wrong with it becomes a PictureRejected."""
    try:
        with _stream(source) as file:
            size = file.seek(0, io.SEEK_END)
            if size == 0:
                raise PictureRejected("The file is empty.", fix="Copy the original again.")
            if size > MAX_FILE_BYTES:
                raise PictureRejected(
                    "The file is too large.",
                    expected=f"at most {MAX_FILE_BYTES / 1e6:.0f} MB",
                    found=f"{size / 1e6:.0f} MB",
                    fix="Save it smaller, as JPEG for instance.",
                )
            file.seek(0)
            with Image.open(file, formats=FORMATS) as image:
                _check_size(*image.size)
                yield image
    except PictureRejected:
        raise
    except UnidentifiedImageError:
        raise PictureRejected(
            "Not a picture.", expected=FORMAT_NAMES, fix="Leave it out, or save it in one of these formats."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureRejected(
            "The picture is too large.",
            expected=f"at most {MAX_PIXELS / 1e6:.0f} megapixels",
            fix="Save it smaller.",
        ) from None
    except MemoryError:
        raise PictureRejected(
            "There is not enough memory to decode the picture.", fix="Save it smaller."
        ) from None
    except Exception as error:
        raise PictureRejected(
            "The picture is damaged or cut short.",
            found=f"{type(error).__name__}: {error}"[:120],
            fix="Copy the original again.",
        ) from error


def _stream(source: Source) -> BinaryIO | nullcontext[BinaryIO]:
    if isinstance(source, Path):
        try:
            return source.open("rb")
        except OSError as error:
            raise PictureRejected(
                "The file can't be read.",
                found=error.strerror or type(error).__name__,
                fix="Check that it is still there and that you may read it.",
            ) from error
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return nullcontext(source)


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise PictureRejected("The picture has no pixels.", fix="Copy the original again.")
    if max(width, height) > MAX_SIDE:
        raise PictureRejected(
            "The picture is too long.",
            expected=f"at most {MAX_SIDE:,} pixels a side",
            found=f"{width:,} x {height:,}",
            fix="Cut or shrink it.",
        )
    if width * height > MAX_PIXELS:
        raise PictureRejected(
            "The picture is too large.",
            expected=f"at most {MAX_PIXELS / 1e6:.0f} megapixels",
            found=f"{width:,} x {height:,}",
            fix="Save it smaller.",
        )


def _room_for(image: Image.Image) -> threading.Semaphore | nullcontext[None]:
    return _large_picture if image.width * image.height > LARGE_PIXELS else nullcontext()


def _frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # later frames may be damaged; only the first is used
        return 1
    finally:
        image.seek(0)


def draft_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) in pixels that a JPEG keeps at least when it is decoded for `height` x `width`."""
    return 2 * max(height, LEAST_SIDE), 2 * max(width, LEAST_SIDE)


def _shrink(image: Image.Image, height: int, width: int) -> None:
    """Have a JPEG decoded at 1/2, 1/4 or 1/8, for `height` x `width` as seen upright."""
    if image.format in ("JPEG", "MPO"):
        height, width = draft_size(height, width)
        image.draft(None, (height, width) if _is_sideways(image) else (width, height))


def _orientation(image: Image.Image) -> int:
    """The turn still to be made. Ask after loading: Pillow turns TIFF itself, and PNG may tell last."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF says nothing about the pixels
        return 1


def _is_sideways(image: Image.Image) -> bool:
    return _orientation(image) in _SIDEWAYS


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def _eight_bit(image: Image.Image) -> Image.Image:
    """A loaded picture of any mode as a new "L" or "RGB" one."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_scaled(np.asarray(image)))
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _over_white(image)
    if image.mode in ("L", "1"):
        return image.convert("L")
    return image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    grey = image.mode in ("1", "L", "LA", "La")
    image = image.convert("LA" if grey else "RGBA")
    paper = Image.new("L" if grey else "RGB", image.size, "white")
    paper.paste(image.convert(paper.mode), mask=image.getchannel("A"))
    return paper


def _scaled(values: np.ndarray) -> np.ndarray:
    """Values (H, W) of 16 or 32 bits as uint8.

    Whole numbers up to 65535 are 16-bit and are divided by 257, floats within [0, 1] are multiplied by 255.
    Other 32-bit pictures have no agreed white: they are stretched from their least to their greatest value.
    """
    is_float = values.dtype.kind == "f"
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    white = 1.0 if is_float else 65535.0
    if low < 0 or high > white:
        numbers -= low
        white = (high - low) or 1.0
    return np.rint(numbers * (255 / white)).astype(np.uint8)
