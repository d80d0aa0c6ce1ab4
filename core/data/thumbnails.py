"""Small pictures for a screen, and many of them as one sheet."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

SIDE = 96  # pixels
GAP = 6  # pixels between the pictures of a sheet


def thumbnail(picture: Image.Image, side: int = SIDE) -> np.ndarray:
    """`picture` in the middle of a transparent square, uint8 (side, side, 4).

    A large picture is scaled down; a small one is enlarged by a whole factor, so its pixels stay squares.
    """
    colored = picture.convert("RGBA")
    longest = max(colored.size)
    if longest > side:
        colored.thumbnail((side, side), Image.Resampling.BILINEAR)
    else:
        factor = side // longest
        colored = colored.resize((colored.width * factor, colored.height * factor), Image.Resampling.NEAREST)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(colored, ((side - colored.width) // 2, (side - colored.height) // 2))
    return np.asarray(square)


def contact_sheet(thumbnails: Sequence[np.ndarray], columns: int, gap: int = GAP) -> np.ndarray:
    """Thumbnails (S, S, 4) side by side in rows of `columns`, uint8 (H, W, 4); always `columns` wide."""
    side = len(thumbnails[0])
    rows = -(-len(thumbnails) // columns)
    step = side + gap
    sheet = np.zeros((rows * step - gap, columns * step - gap, 4), np.uint8)
    for i, image in enumerate(thumbnails):
        top, left = (i // columns) * step, (i % columns) * step
        sheet[top : top + side, left : left + side] = image
    return sheet


def enlarged(pixels: np.ndarray, side: int) -> np.ndarray:
    """uint8 (H, W, C) with pixels as squares, about `side` on its longer side; grey becomes (H, W)."""
    factor = max(1, round(side / max(pixels.shape[:2])))
    large = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    return large[:, :, 0] if large.shape[2] == 1 else large
