"""scikit-learn's handwritten digits (1,797 pictures of 8x8 grey pixels) as PNG files in class folders."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image

_BRIGHTEST = 16  # the digits' values run from 0 to 16


@lru_cache(maxsize=1)
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels (1797, 8, 8) uint8 and labels (1797,)."""
    from sklearn.datasets import load_digits  # takes a second, and only the sample needs it

    digits = load_digits()
    return np.rint(digits.images * (255 / _BRIGHTEST)).astype(np.uint8), digits.target


def digit_names() -> list[str]:
    """Relative names such as "7/digit-0042.png"; the folder is the digit."""
    return [f"{label}/digit-{index:04d}.png" for index, label in enumerate(_digits()[1])]


def digit_png(index: int) -> bytes:
    """The PNG file of one digit."""
    file = io.BytesIO()
    Image.fromarray(_digits()[0][index]).save(file, "PNG")
    return file.getvalue()
