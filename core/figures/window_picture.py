"""A layer's window over its map, and the grid of values that it fills in, to scale, as inline SVG.

The picture stands still; assets/layer_picture.js moves the window to the cell that is pointed at.
"""

import json
from itertools import product

from core.figures.svg import hatching, path, picture, rect, text
from core.figures.tracks import STILL, Track, tracks_of
from core.layers.layer import Layer
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d

WIDTH, HEIGHT = 520, 290
STILL_HEIGHT = 120  # of a sequence
TOP, BOTTOM = 26, 26  # room for the names above the grids, and for the words below
GAP = 64  # between the grids, at least
LETTER = 6.2  # width of one in the names above them
LARGEST_PIXEL = 26
SMALLEST_RULED = 3.5  # below this, lines between the pixels would hide them

Point = tuple[float, float]


def window_picture(layer: Layer, input_shape: Shape) -> str:
    """The picture of `layer` on a map of `input_shape`; "" for a layer without windows.

    Raises:
        LayerError: PyTorch would refuse the layer on `input_shape`.
    """
    tracks = tracks_of(layer, input_shape)
    if tracks is None:
        return ""
    rows, columns = tracks
    transposed = isinstance(layer, ConvTranspose2d)
    height = HEIGHT if rows is not STILL else STILL_HEIGHT
    scale = _scale(rows, columns)
    widths = (columns.whole * scale, columns.cells * scale)
    names = _names(rows, columns, transposed)
    first = widths[1] if transposed else widths[0]
    gap = min(max(GAP, len(names[transposed]) * LETTER - first), WIDTH - 8 - sum(widths))
    left = (WIDTH - sum(widths) - gap) / 2
    middle = TOP + (height - TOP - BOTTOM) / 2
    map_x = left + widths[1] + gap if transposed else left
    cells_x = left if transposed else left + widths[0] + gap
    map_y, cells_y = middle - rows.whole * scale / 2, middle - rows.cells * scale / 2
    body = (
        _definitions(scale)
        + _map(rows, columns, map_x, map_y, scale, transposed)
        + _cells(rows, columns, cells_x, cells_y, scale, transposed)
        + f'<path class="rays" d="{_rays(rows, columns, (map_x, map_y), (cells_x, cells_y), scale)}"/>'
        + _window(rows, columns, map_x, map_y, scale)
        + text("name", map_x, 15, names[0])
        + text("name", cells_x, 15, names[1])
        + text("words", WIDTH / 2, height - 7, _hint(rows, columns, transposed), "middle")
    )
    data = {
        "rows": rows.windows,
        "columns": columns.windows,
        "map": [round(map_x, 2), round(map_y, 2)],
        "cells": [round(cells_x, 2), round(cells_y, 2)],
        "margin": [rows.margin[0], columns.margin[0]],
        "scale": round(scale, 4),
        "transposed": transposed,
    }
    attribute = f" data-windows='{json.dumps(data, separators=(',', ':'))}' tabindex=\"0\""
    return picture(WIDTH, height, _title(rows, columns, transposed), body, attribute)


def _scale(rows: Track, columns: Track) -> float:
    """Pixels of the drawing for a pixel of the map: the same on both grids, as large as there is room."""
    across = (WIDTH - GAP - 8) / (columns.whole + columns.cells)
    down = (HEIGHT - TOP - BOTTOM - 6) / max(rows.whole, rows.cells)
    return min(across, down, LARGEST_PIXEL)


def _definitions(scale: float) -> str:
    side = f"{scale:.4f}"
    return (
        f'<defs><pattern id="ruled" width="{side}" height="{side}" patternUnits="userSpaceOnUse">'
        f'<path class="rule" d="M{side} 0H0V{side}"/></pattern>{hatching()}</defs>'
    )


def _grid(kind: str, x: float, y: float, columns: int, rows: int, scale: float) -> str:
    """A block of pixels, ruled where the pixels are large enough."""
    width, height = columns * scale, rows * scale
    drawn = rect(kind, 0, 0, width, height)
    if scale >= SMALLEST_RULED:
        drawn += rect("ruled", 0, 0, width, height)
    return f'<g transform="translate({x:.2f} {y:.2f})">{drawn}</g>'


def _map(rows: Track, columns: Track, x: float, y: float, scale: float, transposed: bool) -> str:
    inner_x, inner_y = x + columns.margin[0] * scale, y + rows.margin[0] * scale
    margin = _grid("cut" if transposed else "padding", x, y, columns.whole, rows.whole, scale)
    pixels = _grid("result" if transposed else "pixels", inner_x, inner_y, columns.size, rows.size, scale)
    strips = [
        (inner_x + start * scale, inner_y, length * scale, rows.size * scale)
        for start, length in columns.untouched
    ] + [
        (inner_x, inner_y + start * scale, columns.size * scale, length * scale)
        for start, length in rows.untouched
    ]
    has_margin = any(rows.margin) or any(columns.margin)
    return (margin if has_margin else "") + pixels + path("untouched", strips)


def _cells(rows: Track, columns: Track, x: float, y: float, scale: float, transposed: bool) -> str:
    grid = _grid("pixels" if transposed else "result", x, y, columns.cells, rows.cells, scale)
    return grid + rect("cell", x, y, scale, scale)


def _window(rows: Track, columns: Track, x: float, y: float, scale: float) -> str:
    """The first window, its taps, and dashed where it goes next."""
    (top, height), (left, width) = rows.windows[0], columns.windows[0]
    drawn = rect("outline", 0, 0, width * scale, height * scale)
    if rows.taps or columns.taps:
        taps = product(rows.taps or range(height), columns.taps or range(width))
        drawn += path("taps", ((column * scale, row * scale, scale, scale) for row, column in taps))
    else:
        drawn = rect("taps", 0, 0, width * scale, height * scale) + drawn
    following = ""
    if columns.cells > 1:
        start, length = columns.windows[1]
        following = rect("next", x + start * scale, y + top * scale, length * scale, height * scale)
    place = f"translate({x + left * scale:.2f} {y + top * scale:.2f})"
    return following + f'<g class="window" transform="{place}">{drawn}</g>'


def _rays(
    rows: Track,
    columns: Track,
    where_map: tuple[float, float],
    where_cells: tuple[float, float],
    scale: float,
) -> str:
    """From the window's corners to the cell's, on the sides that face each other."""
    (top, height), (left, width) = rows.windows[0], columns.windows[0]
    facing = width if where_map[0] < where_cells[0] else 0
    from_x = where_map[0] + (left + facing) * scale
    from_y = where_map[1] + top * scale
    to_x = where_cells[0] + (0 if facing else scale)
    to_y = where_cells[1]
    return (
        f"M{from_x:.2f} {from_y:.2f}L{to_x:.2f} {to_y:.2f}"
        f"M{from_x:.2f} {from_y + height * scale:.2f}L{to_x:.2f} {to_y + scale:.2f}"
    )


def _names(rows: Track, columns: Track, transposed: bool) -> tuple[str, str]:
    """What stands above the map, and above the cells."""
    of_map, of_cells = ("output", "input") if transposed else ("input", "output")
    margin = _margin_words(rows, columns, transposed)
    return f"{of_map} {_sides(rows, columns)}{margin}", f"{of_cells} {_cell_sides(rows, columns)}"


def _margin_words(rows: Track, columns: Track, transposed: bool) -> str:
    tracks = [track for track in (rows, columns) if track is not STILL]
    widths = sorted({side for track in tracks for side in (track.margin[0], track.margin[1] - track.beyond)})
    beyond = max(track.beyond for track in tracks)
    words = (
        "" if widths == [0] else " to ".join(str(width) for width in dict.fromkeys((widths[0], widths[-1])))
    )
    if transposed:
        return f", {words} cut off" if words else ""
    return (f", padding {words}" if words else "") + (f", {beyond} beyond the edge" if beyond else "")


def _sides(rows: Track, columns: Track) -> str:
    return str(columns.size) if rows is STILL else f"{rows.size} × {columns.size}"


def _cell_sides(rows: Track, columns: Track) -> str:
    return str(columns.cells) if rows is STILL else f"{rows.cells} × {columns.cells}"


def _hint(rows: Track, columns: Track, transposed: bool) -> str:
    untouched = [
        f"{track.untouched_pixels} {noun if track.untouched_pixels == 1 else noun + 's'}"
        for track, noun in ((rows, "row"), (columns, "step" if rows is STILL else "column"))
        if track.untouched_pixels
    ]
    if untouched:
        fate = "get no value but the bias" if transposed else "never seen"
        return f"Hatched: {' and '.join(untouched)} {fate}."
    return f"Point at the {'input' if transposed else 'output'} to move the window."


def _title(rows: Track, columns: Track, transposed: bool) -> str:
    source, target = _sides(rows, columns), _cell_sides(rows, columns)
    if transposed:
        source, target = target, source
    return f"From an input of {source} to an output of {target}"
