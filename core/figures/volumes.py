"""Where each layer's output stands in the drawing of a network: boxes to scale, in rows as text is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.layers.shapes import Shape

# Lengths are in units of the largest map's side, unless they say pixels.
SLANT = (0.32, 0.24)  # where a depth of 1 goes: (right, up)
THINNEST, THICKEST = 0.03, 0.45
LEAST_SIDE = 0.04
GAP = 0.2
HEADROOM, FOOTROOM = 0.2, 0.04  # over the highest and under the lowest box of a row
LEAST_ROW = 0.3  # height of a row of tiny boxes
UNITS = (140, 125, 110, 95, 80)  # pixels a unit: the largest that puts the network in one row, or the last
LETTER_WIDTH, LABEL_HEIGHT = 6.2, 40  # pixels

Point = tuple[float, float]
Polygon = list[Point]


@dataclass(frozen=True)
class Volume:
    """A layer's output, to be drawn with `name` and `label` under it; `words` are what hovering tells."""

    kind: str
    name: str
    shape: Shape
    label: str
    words: str


@dataclass(frozen=True)
class Box:
    """A volume in its place: front from `left`, middle of the front at `level`, label at `ground`."""

    volume: Volume
    left: float
    level: float
    ground: float
    thickness: float
    height: float
    depth: float

    @property
    def slant(self) -> Point:
        return SLANT[0] * self.depth, SLANT[1] * self.depth

    @property
    def right(self) -> float:
        return self.left + self.thickness

    @property
    def middle(self) -> Point:
        return (self.left + self.right + self.slant[0]) / 2, self.level + self.slant[1] / 2

    @property
    def top(self) -> Point:
        """The middle of the upper face."""
        return self.middle[0], self.level + (self.height + self.slant[1]) / 2

    def faces(self) -> dict[float, Polygon]:
        """Front, top and side, each under its share of white (or black) for `palette.shade`."""
        low, high = self.level - self.height / 2, self.level + self.height / 2
        (left, right), (dx, dy) = (self.left, self.right), self.slant
        return {
            0.0: [(left, low), (right, low), (right, high), (left, high)],
            0.35: [(left, high), (right, high), (right + dx, high + dy), (left + dx, high + dy)],
            -0.25: [(right, low), (right + dx, low + dy), (right + dx, high + dy), (right, high)],
        }


@dataclass(frozen=True)
class Drawing:
    """All boxes, and the paper that they need: from 0 to `width` and up from `bottom` to `top`."""

    boxes: tuple[Box, ...]
    width: float
    bottom: float
    top: float
    unit: int  # pixels


def arrange(volumes: Sequence[Volume], width: int, overhead: float = 0.0) -> Drawing:
    """`volumes` from left to right, in as many rows as `width` (pixels) asks for; `overhead` is for arcs."""
    sizes = _sizes(volumes)
    for unit in UNITS:
        rooms = [_room(volume, size, unit) for volume, size in zip(volumes, sizes, strict=True)]
        if sum(rooms) <= width / unit:
            break
    boxes: list[Box] = []
    ceiling = 0.0
    for row in _rows(rooms, width / unit):
        level = ceiling - HEADROOM - overhead - max(sizes[i][1] / 2 + SLANT[1] * sizes[i][2] for i in row)
        ground = level - max(LEAST_ROW / 2, *(sizes[i][1] / 2 for i in row)) - FOOTROOM
        left = 0.0
        for i in row:
            thickness, height, depth = sizes[i]
            inset = (rooms[i] - thickness - SLANT[0] * depth) / 2
            boxes.append(Box(volumes[i], left + inset, level, ground, thickness, height, depth))
            left += rooms[i]
        ceiling = ground - LABEL_HEIGHT / unit
    widest = max(sum(rooms[i] for i in row) for row in _rows(rooms, width / unit))
    return Drawing(tuple(boxes), widest, ceiling, 0.0, unit)


def _rows(rooms: Sequence[float], width: float) -> list[range]:
    """Positions in as few rows as `width` allows, the rows about equally long."""
    fewest = len(_filled(rooms, width))
    limit = sum(rooms) / fewest
    while len(rows := _filled(rooms, limit)) > fewest:
        limit *= 1.02
    return rows


def _filled(rooms: Sequence[float], width: float) -> list[range]:
    """Positions in rows, each filled before the next begins."""
    starts, used = [0], 0.0
    for i, room in enumerate(rooms):
        if used and used + room > width + 1e-9:
            starts.append(i)
            used = 0.0
        used += room
    return [range(start, end) for start, end in pairwise([*starts, len(rooms)])]


def _sizes(volumes: Sequence[Volume]) -> list[tuple[float, float, float]]:
    """(thickness, height, depth): maps to scale by channels and pixels, vectors as columns by square root.

    A sequence (C, L) is a map of one column.
    """
    shapes = [volume.shape for volume in volumes]
    maps = [shape if len(shape) == 3 else (*shape, 1) for shape in shapes if len(shape) > 1]
    longest_vector = max((shape[0] for shape in shapes if len(shape) == 1), default=1)
    largest_side = max((max(rows, columns) for _, rows, columns in maps), default=1)
    most_channels = max((channels for channels, _, _ in maps), default=1)
    sizes = []
    for shape in shapes:
        if len(shape) == 1:
            sizes.append((THINNEST, _side((shape[0] / longest_vector) ** 0.5), LEAST_SIDE))
        else:
            channels, rows, columns = shape if len(shape) == 3 else (*shape, 1)
            thickness = max(THICKEST * channels / most_channels, THINNEST)
            sizes.append((thickness, _side(rows / largest_side), _side(columns / largest_side)))
    return sizes


def _side(share: float) -> float:
    return max(share, LEAST_SIDE)


def _room(volume: Volume, size: tuple[float, float, float], unit: int) -> float:
    thickness, _, depth = size
    label = LETTER_WIDTH * (2 + max(len(volume.name), len(volume.label)))
    return max(thickness + SLANT[0] * depth + GAP, label / unit)
