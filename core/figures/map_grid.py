"""Many small maps, such as channels and kernels, for the browser: true values, colours, and what they see."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from core.figures.palette import BLUE, ORANGE, PURPLE, SKY_BLUE, VERMILLION, shade
from core.layers.sight import Span

Grid = dict[str, Any]
Spans = Sequence[Span | None]  # of each row, or of each column: first and last pixel, or None

CODES = 256
ZERO_CODE = 128  # of the codes that have a sign: -1 is 1, and +1 is 255
DIGITS = 3  # significant ones of a range; more where its ends would read the same
MOST_DIGITS = 9  # tell any two float32 apart

ZERO = "#20272c"
# Away from zero, both arms get lighter alike (positions are of CIE L*), so size shows as light, sign as hue.
POSITIVE = {0.0: ZERO, 0.55: VERMILLION, 0.8: ORANGE, 1.0: "#ffcf70"}
NEGATIVE = {0.0: ZERO, 0.44: BLUE, 0.78: SKY_BLUE, 1.0: "#a8dbfd"}
NOT_FINITE = (PURPLE, shade(PURPLE, -0.45))  # in turn, as on a chess-board


class Palette(StrEnum):
    """From 0 up; to both sides of 0; or red, green and blue each to both sides of mid-grey."""

    SEQUENTIAL = "sequential"
    DIVERGING = "diverging"
    CHANNELS = "channels"


@dataclass(frozen=True)
class Tile:
    """One map: `values` float32 (H, W), or (H, W, 3) for a kernel over red, green and blue.

    `detail` stands below the label. `colors` uint8 (H, W, 3) are shown instead of a palette's.

    Raises:
        ValueError: an array has another shape.
    """

    label: str
    values: np.ndarray
    detail: str = ""
    colors: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.values)
        if len(shape) not in (2, 3) or shape[2:] not in ((), (3,)) or 0 in shape:
            raise ValueError(f"values: expected (H, W) or (H, W, 3) and at least one, found {shape}")
        if self.colors is not None and np.shape(self.colors) != (*shape[:2], 3):
            raise ValueError(f"colors: expected {(*shape[:2], 3)}, found {np.shape(self.colors)}")

    @property
    def true(self) -> np.ndarray:
        """The values as they are sent, in little-endian float32."""
        return np.ascontiguousarray(self.values, "<f4")

    @property
    def finite(self) -> np.ndarray:
        """float32 (N,): the values without NaN and infinities."""
        return self.true[np.isfinite(self.true)]

    @property
    def is_constant(self) -> bool:
        """Whether several cells all hold one value."""
        finite = self.finite
        return self.true.size > 1 and finite.size > 0 and bool((finite == finite[0]).all())


@dataclass(frozen=True)
class Scale:
    """`limit` has the colour of a palette's end, -`limit` that of the other one; at 0, all have zero's."""

    palette: Palette
    limit: float

    def colors(self, values: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) of values (H, W), or (H, W, 3) for the palette of channels."""
        finite = np.isfinite(values)
        shares = np.where(finite, values, 0).astype(np.float64) / (self.limit or np.inf)
        if self.palette == Palette.SEQUENTIAL:
            colors = TABLES[self.palette][np.floor(shares * (CODES - 1) + 0.5).astype(int)]
        else:
            codes = ZERO_CODE + np.floor(shares * (CODES - 1 - ZERO_CODE) + 0.5).astype(int)
            colors = TABLES[self.palette][codes] if values.ndim == 2 else codes.astype(np.uint8)
        rows, columns = np.nonzero(~finite if values.ndim == 2 else ~finite.all(axis=2))
        colors[rows, columns] = _LOST[(rows + columns) % 2]
        return colors


def scales_of(tiles: Sequence[Tile], *, shared: bool) -> list[Scale]:
    """The scale of each tile: its own, or for all one that none of their values leaves.

    On its own scale, a map that is constant has nothing to compare: all of it has the colour of zero.
    """
    together = _scale([tile.finite for tile in tiles])
    scales = []
    for tile in tiles:
        own = Scale(Palette.SEQUENTIAL, 0.0) if tile.is_constant else _scale([tile.finite])
        scale = together if shared else own
        scales.append(Scale(Palette.CHANNELS, scale.limit) if tile.true.ndim == 3 else scale)
    return scales


def colors_of(tile: Tile, scale: Scale) -> np.ndarray:
    """uint8 (H, W, 3): the tile's own colours, or else those of its values."""
    return scale.colors(tile.true) if tile.colors is None else np.asarray(tile.colors, np.uint8)


def range_of(tile: Tile) -> str:
    """From the lowest to the highest value that is finite: "−0.31 to 2.4"; "all 0" for a constant map."""
    finite = tile.finite
    lost = tile.true.size - finite.size
    if not finite.size:
        return "no finite value"
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        words = f"all {shown(low)}" if tile.is_constant else shown(low)
    else:
        words = next(
            f"{shown(low, digits)} to {shown(high, digits)}"
            for digits in range(DIGITS, MOST_DIGITS + 1)
            if digits == MOST_DIGITS or shown(low, digits) != shown(high, digits)
        )
    return f"{words}, {lost} not finite" if lost else words


def shown(value: float, digits: int = DIGITS) -> str:
    """`value` with so many significant digits, but whole numbers in full: "−0.0123", "12,345", "1.5e-7"."""
    if abs(value) >= 10**digits and abs(value) < 1e9:
        text = f"{value:,.0f}"
    else:
        mantissa, _, exponent = f"{value + 0.0:.{digits}g}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−", 1) if value < 0 else text


def map_grid(
    tiles: Sequence[Tile],
    *,
    shared_scale: bool,
    picture: np.ndarray | None = None,
    sight: tuple[Spans, Spans] | None = None,
    picked: int | None = None,
) -> Grid:
    """What the browser needs of `tiles`, as JSON.

    `picture` is what the network received, uint8 (H, W, 1 or 3). `sight` has for each row and for each
    column of the maps the first and the last of the picture's pixels that it depends on; they may lie
    outside of the picture.

    Raises:
        ValueError: a map has not as many rows and columns as `sight`.
    """
    if sight is not None:
        _check_sight(tiles, sight)
    scales = scales_of(tiles, shared=shared_scale)
    return {
        "tiles": [_tile(tile, scale) for tile, scale in zip(tiles, scales, strict=True)],
        "tables": {palette: _encoded(table) for palette, table in TABLES.items()},
        "notFinite": _LOST.tolist(),
        "legend": legend_of(tiles, scales, shared=shared_scale),
        "picture": None if picture is None else _picture(picture),
        "sight": None if picture is None or sight is None else _sight(sight, picture),
        "picked": picked,
    }


def legend_of(tiles: Sequence[Tile], scales: Sequence[Scale], *, shared: bool) -> Grid:
    """`palette` and the words at its ends and its zero; "" where no tile has its colours from it."""
    colored = [scale for tile, scale in zip(tiles, scales, strict=True) if tile.colors is None]
    palettes = {scale.palette for scale in colored}
    highest = max((scale.limit for scale in colored), default=0.0)
    end = shown(highest) if shared else "largest"
    palette, ends, note = "", [], ""
    if Palette.CHANNELS in palettes:
        note = "Red, green and blue are the three weights; mid-grey is 0, "
        note += f"and the ends are ±{end}." if shared else "and each kernel has its own scale."
    elif Palette.DIVERGING in palettes:
        palette, ends = Palette.DIVERGING, [f"−{end}", "0", end] if shared else ["negative", "0", "positive"]
    elif palettes and highest > 0:
        palette, ends = Palette.SEQUENTIAL, ["0", end]
    if palette and not shared:
        note = "Each map has its own scale."
    return {
        "palette": palette,
        "ends": ends,
        "note": note,
        "notFinite": any(tile.finite.size < tile.true.size for tile in tiles),
    }


def _scale(values: Sequence[np.ndarray]) -> Scale:
    low = min((float(each.min()) for each in values if each.size), default=0.0)
    high = max((float(each.max()) for each in values if each.size), default=0.0)
    return Scale(Palette.DIVERGING if low < 0 else Palette.SEQUENTIAL, max(-low, high))


def _check_sight(tiles: Sequence[Tile], sight: tuple[Spans, Spans]) -> None:
    expected = tuple(len(spans) for spans in sight)
    for tile in tiles:
        if tile.true.shape[:2] != expected:
            raise ValueError(f"{tile.label}: expected the size of sight, {expected}, found {tile.true.shape}")


def _tile(tile: Tile, scale: Scale) -> Grid:
    return {
        "label": tile.label,
        "detail": tile.detail,
        "range": range_of(tile),
        "shape": tile.true.shape,
        "values": _encoded(tile.true),
        "colors": None if tile.colors is None else _encoded(colors_of(tile, scale)),
        "palette": scale.palette,
        "limit": scale.limit,
    }


def _picture(picture: np.ndarray) -> Grid:
    height, width = picture.shape[:2]
    kept = BytesIO()
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(kept, "PNG")
    url = "data:image/png;base64," + b64encode(kept.getvalue()).decode()
    return {"url": url, "height": height, "width": width}


def _sight(sight: tuple[Spans, Spans], picture: np.ndarray) -> list[list[Grid | None]]:
    return [
        [_within(span, size) for span in spans] for spans, size in zip(sight, picture.shape[:2], strict=True)
    ]


def _within(span: Span | None, size: int) -> Grid | None:
    """The part of a span that is on the picture, and whether there is more; None if it has no pixel of it."""
    if span is None or span[1] < 0 or span[0] >= size:
        return None
    first, last = max(span[0], 0), min(span[1], size - 1)
    return {"first": first, "last": last, "beyond": (first, last) != tuple(span)}


def _encoded(values: np.ndarray) -> str:
    return b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _channels(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def _arm(stops: dict[float, str], places: np.ndarray) -> np.ndarray:
    """uint8 (N, 3) at `places` in 0..1 between the stops."""
    colors = np.array([_channels(color) for color in stops.values()])
    mixed = [np.interp(places, list(stops), colors[:, channel]) for channel in range(3)]
    return np.rint(np.stack(mixed, axis=1)).astype(np.uint8)


def _tables() -> dict[Palette, np.ndarray]:
    """uint8 (256, 3) a palette."""
    signed = (np.arange(CODES) - ZERO_CODE).clip(ZERO_CODE + 1 - CODES) / (CODES - 1 - ZERO_CODE)
    both = np.where(signed[:, None] < 0, _arm(NEGATIVE, -signed), _arm(POSITIVE, signed))
    return {Palette.SEQUENTIAL: _arm(POSITIVE, np.linspace(0, 1, CODES)), Palette.DIVERGING: both}


TABLES = _tables()
_LOST = np.array([_channels(color) for color in NOT_FINITE], np.uint8)
