"""Photos as small square pictures, so small that single pixels can be pointed at."""

from enum import StrEnum
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core.data.decoding import Source, open_picture
from core.errors import PictureRejected


class Photo(StrEnum):
    """Two photos that scikit-learn brings along."""

    CHINA = "china.jpg"
    FLOWER = "flower.jpg"


@lru_cache
def photo(kind: Photo) -> Image.Image:
    """The photo as it lies in scikit-learn's folder, 640 x 427 pixels; scikit-learn itself is not loaded.

    Raises:
        PictureRejected: scikit-learn, or its photo, is missing.
    """
    return open_picture(photo_path(kind))


def photo_path(kind: Photo) -> Path:
    """Where the photo lies.

    Raises:
        PictureRejected: scikit-learn is missing.
    """
    installed = find_spec("sklearn")
    if installed is None or installed.origin is None:
        raise PictureRejected("scikit-learn's photos are missing.", fix="Install scikit-learn.")
    return Path(installed.origin).parent / "datasets" / "images" / kind


def lab_picture(source: Source | Image.Image, size: int) -> np.ndarray:
    """The middle of a picture as colours, uint8 (3, size, size).

    Raises:
        PictureRejected: as `decoding.open_picture`.
    """
    image = source if isinstance(source, Image.Image) else open_picture(source)
    square = ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.BILINEAR)
    return np.asarray(square).transpose(2, 0, 1)


def grey(colors: np.ndarray) -> np.ndarray:
    """Colours (3, H, W) as one channel, uint8 (1, H, W), weighted as in Pillow's mode "L" (ITU-R 601-2)."""
    return np.asarray(Image.fromarray(colors.transpose(1, 2, 0)).convert("L"))[None]
