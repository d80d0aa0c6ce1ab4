"""Many small maps as one PNG, in the colours of the browser, to take along."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.figures.map_grid import TABLES, Tile, colors_of, legend_of, range_of, scales_of

COLUMNS = 8
SIDE = 128  # pixels that a tile is enlarged to, at most; larger maps stay as they are
GAP, LINE, BAR = 16, 16, 10  # pixels
LETTERS = 12
INK, FAINT = "#14191d", "#5c666d"
_INSTEAD = str.maketrans({"−": "-", "–": "-", "×": "x", "→": ">"})
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def map_sheet(tiles: Sequence[Tile], *, shared_scale: bool, columns: int = COLUMNS) -> bytes:
    """A PNG of `tiles` in rows of `columns`, with label and range under each, and the scale below.

    Raises:
        ValueError: there is no tile.
    """
    if not tiles:
        raise ValueError("a sheet needs a tile")
    scales = scales_of(tiles, shared=shared_scale)
    pictures = [_enlarged(colors_of(tile, scale)) for tile, scale in zip(tiles, scales, strict=True)]
    columns = min(columns, len(tiles))
    wide = max(SIDE, *(picture.width for picture in pictures)) + GAP
    high = max(picture.height for picture in pictures) + 2 * LINE + GAP
    below = high * -(-len(tiles) // columns) + GAP
    legend = legend_of(tiles, scales, shared=shared_scale)
    sheet = Image.new("RGB", (wide * columns + GAP, below + (2 * LINE if legend["palette"] else 0)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(LETTERS)
    for place, (tile, picture) in enumerate(zip(tiles, pictures, strict=True)):
        left, top = GAP + place % columns * wide, GAP + place // columns * high
        sheet.paste(picture, (left, top))
        for line, (words, ink) in enumerate(((tile.label, INK), (range_of(tile), FAINT))):
            fitting = _fitting(_writable(words), wide - GAP, font)
            draw.text((left, top + picture.height + line * LINE + 2), fitting, ink, font)
    if legend["palette"]:
        words = _writable(f"{legend['ends'][0]} to {legend['ends'][-1]}")
        _draw_legend(sheet, draw, font, below, TABLES[legend["palette"]], words)
    kept = BytesIO()
    sheet.save(kept, "PNG")
    return kept.getvalue()


def _enlarged(colors: np.ndarray) -> Image.Image:
    """Each cell as a square of whole pixels."""
    times = max(1, SIDE // max(colors.shape[:2]))
    return Image.fromarray(colors.repeat(times, axis=0).repeat(times, axis=1))


def _writable(words: str) -> str:
    """`words` in signs that Pillow's own font has."""
    return words.translate(_INSTEAD)


def _fitting(words: str, width: int, font: Font) -> str:
    """`words`, or as much of them as is at most `width` pixels wide."""
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words + "…"


def _draw_legend(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, font: Font, top: int, table: np.ndarray, words: str
) -> None:
    bar = Image.fromarray(table[None]).resize((SIDE, BAR), Image.Resampling.NEAREST)
    sheet.paste(bar, (GAP, top))
    draw.text((GAP + SIDE + GAP // 2, top - 3), words, INK, font)
