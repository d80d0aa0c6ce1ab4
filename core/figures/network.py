"""A CNN as a row of volumes to scale, from the walk: height and depth are pixels, thickness is channels."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

import plotly.graph_objects as go

from core.figures.palette import BLUE, GREEN, GREY, ORANGE, VERMILLION, shade
from core.layers.shapes import Shape, shape_text
from core.models.cnn_walk import LayerRow, Walk

# Lengths are in units of the largest map's side.
GAP = 0.2
SLANT = (0.32, 0.24)  # where a depth of 1 goes: (right, up)
THINNEST, THICKEST = 0.03, 0.45
LEAST_SIDE = 0.04
LEAST_PITCH = 0.5
FLOOR, CEILING, SIDE_MARGIN = -0.52, 0.95, 0.3
CREST = 0.14  # of a skip's arc, over the taller of its two ends
APART = 0.05  # where one arc ends and the next begins, from the middle of the box

# Lengths in pixels, on a page about as wide as `PAGE`.
PAGE = 950
LABEL_WIDTH, LABEL_HEIGHT = 66, 32
LEGEND_HEIGHT = 34

COLORS = {
    "input": GREY,
    "convolution": BLUE,
    "pooling": ORANGE,
    "flattened": GREY,
    "linear": GREEN,
    "can't be built": VERMILLION,
}
KINDS = {
    "Conv2d": "convolution",
    "MaxPool2d": "pooling",
    "AvgPool2d": "pooling",
    "AdaptiveAvgPool2d": "pooling",
    "Flatten": "flattened",
    "Linear": "linear",
}

Point = tuple[float, float]
Polygon = list[Point]


@dataclass(frozen=True)
class Volume:
    """A layer's output, to be drawn: `name` and `shape` label it, `words` are what hovering tells."""

    kind: str
    name: str
    shape: Shape
    words: str
    row: str  # the walk's name of the layer


@dataclass(frozen=True)
class Box:
    """A volume in its place: its front's left edge stands at `left`, its middle at height 0."""

    volume: Volume
    left: float
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
        return (self.left + self.right + self.slant[0]) / 2, self.slant[1] / 2

    @property
    def top(self) -> Point:
        """The middle of the upper face."""
        return self.middle[0], (self.height + self.slant[1]) / 2

    def faces(self) -> dict[float, Polygon]:
        """Front, top and side, each under its share of white (or black) for `palette.shade`."""
        low, high = -self.height / 2, self.height / 2
        (left, right), (dx, dy) = (self.left, self.right), self.slant
        return {
            0.0: [(left, low), (right, low), (right, high), (left, high)],
            0.35: [(left, high), (right, high), (right + dx, high + dy), (left + dx, high + dy)],
            -0.25: [(right, low), (right + dx, low + dy), (right + dx, high + dy), (right, high)],
        }


def network_figure(walk: Walk) -> go.Figure:
    """The network of `walk` from left to right, each shape-making layer as the volume that it puts out.

    Background and text colours are left to the page's theme.
    """
    boxes = _placed(_volumes(walk))
    figure = go.Figure()
    for kind, color in COLORS.items():
        of_kind = [box for box in boxes if box.volume.kind == kind]
        for share in (-0.25, 0.35, 0.0):
            _add_faces(figure, [box.faces()[share] for box in of_kind], shade(color, share))
        if of_kind and kind not in ("input", "flattened"):
            _add_legend_entry(figure, kind.capitalize(), color)
    _add_skips(figure, walk.rows, boxes)
    _add_cross(figure, boxes)
    _add_hover(figure, boxes)
    _add_labels(figure, boxes)
    _lay_out(figure, boxes)
    return figure


def _volumes(walk: Walk) -> list[Volume]:
    volumes = [Volume("input", "input", walk.input_shape, "Input", "input")]
    for row in walk.rows:
        if row.problem is not None:
            last = volumes[-1].shape
            volumes.append(
                Volume(
                    "can't be built",
                    _short(row),
                    last,
                    "<br>".join(wrap(f"{row.layer}: {row.problem}", 60)),
                    row.name,
                )
            )
        elif row.layer in KINDS and not row.path.endswith("skip"):
            words = f"{row.layer} {row.settings}<br>{row.parameters:,} parameters<br>{row.macs:,} MACs"
            volumes.append(Volume(KINDS[row.layer], _short(row), row.output, words, row.name))
    return volumes


def _short(row: LayerRow) -> str:
    """ "conv3" for "residual3.main.conv"."""
    outer, _, rest = row.name.partition(".")
    return outer.replace("residual", "conv") if rest else outer


def _placed(volumes: list[Volume]) -> list[Box]:
    maps = [volume.shape for volume in volumes if len(volume.shape) == 3]
    vectors = [volume.shape[0] for volume in volumes if len(volume.shape) == 1]
    largest_side = max(max(shape[1:]) for shape in maps)
    most_channels = max(shape[0] for shape in maps)
    boxes: list[Box] = []
    left = 0.0
    for volume in volumes:
        if len(volume.shape) == 3:
            channels, rows, columns = volume.shape
            thickness = max(THICKEST * channels / most_channels, THINNEST)
            height, depth = (max(side / largest_side, LEAST_SIDE) for side in (rows, columns))
        else:
            thickness, depth = THINNEST, LEAST_SIDE
            height = max((volume.shape[0] / max(vectors)) ** 0.5, LEAST_SIDE)
        room = max(thickness + SLANT[0] * depth + GAP, LEAST_PITCH)
        inset = (room - thickness - SLANT[0] * depth) / 2
        boxes.append(Box(volume, left + inset, thickness, height, depth))
        left += room
    return boxes


def _add_faces(figure: go.Figure, polygons: Iterable[Polygon], color: str) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for polygon in polygons:
        closed = [*polygon, polygon[0]]
        x += [*(point[0] for point in closed), None]
        y += [*(point[1] for point in closed), None]
    if x:
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            fill="toself",
            fillcolor=color,
            line={"color": color, "width": 1},
            hoverinfo="skip",
            showlegend=False,
        )


def _add_legend_entry(figure: go.Figure, name: str, color: str) -> None:
    marker = {"color": color, "symbol": "square", "size": 11}
    figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name, showlegend=True)


def _add_skips(figure: go.Figure, rows: Iterable[LayerRow], boxes: list[Box]) -> None:
    """An arc over each residual connection, from what comes in to what it is added to."""
    places = {box.volume.row: index for index, box in enumerate(boxes)}
    x: list[float | None] = []
    y: list[float | None] = []
    for row in rows:
        index = places.get(f"{row.name}.main.conv")
        if row.layer == "Add" and index is not None:
            start, end = boxes[index - 1].top, boxes[index].top
            crest = max(start[1], end[1]) + CREST
            x += [start[0] + APART, start[0] + APART, end[0] - APART, end[0] - APART, None]
            y += [start[1], crest, crest, end[1], None]
    if x:
        line = {"color": GREY, "width": 1.5, "shape": "linear"}
        figure.add_scatter(
            x=x, y=y, mode="lines", line=line, hoverinfo="skip", name="Skip, added to the output"
        )


def _add_hover(figure: go.Figure, boxes: list[Box]) -> None:
    figure.add_scatter(
        x=[box.middle[0] for box in boxes],
        y=[box.middle[1] for box in boxes],
        mode="markers",
        marker={"size": 36, "opacity": 0},
        customdata=[[box.volume.name, shape_text(box.volume.shape), box.volume.words] for box in boxes],
        hovertemplate="<b>%{customdata[0]}</b>: %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        showlegend=False,
    )


def _add_labels(figure: go.Figure, boxes: list[Box]) -> None:
    """Name and shape under each box; where boxes stand close, on two levels and only where shapes change."""
    crowded = _is_crowded(boxes)
    changes = [
        box
        for previous, box in pairwise(boxes)
        if (previous.volume.kind, previous.volume.shape) != (box.volume.kind, box.volume.shape)
    ]
    labelled = [boxes[0], *changes] if crowded else boxes
    for position, box in enumerate(labelled):
        failed = box.volume.kind == "can't be built"
        words = "can't be built" if failed else "×".join(str(side) for side in box.volume.shape)
        figure.add_annotation(
            x=(box.left + box.right) / 2,
            y=FLOOR,
            yshift=-LABEL_HEIGHT * (position % 2) if crowded else 0,
            text=f"<b>{box.volume.name}</b><br>{words}",
            showarrow=False,
            yanchor="top",
            font={"size": 11, "color": VERMILLION} if failed else {"size": 11},
        )


def _add_cross(figure: go.Figure, boxes: list[Box]) -> None:
    """A cross on the layer that can't be built, seen even where the map is tiny."""
    failed = [box for box in boxes if box.volume.kind == "can't be built"]
    figure.add_scatter(
        x=[box.middle[0] for box in failed],
        y=[box.middle[1] for box in failed],
        mode="markers",
        marker={"symbol": "x-thin", "size": 26, "line": {"color": VERMILLION, "width": 4}},
        hoverinfo="skip",
        showlegend=False,
    )


def _width(boxes: list[Box]) -> float:
    return boxes[-1].right + boxes[-1].slant[0] + 2 * SIDE_MARGIN


def _pixels_a_unit(boxes: list[Box]) -> float:
    return min(PAGE / _width(boxes), 150)


def _is_crowded(boxes: list[Box]) -> bool:
    return _pixels_a_unit(boxes) * _width(boxes) / len(boxes) < LABEL_WIDTH


def _lay_out(figure: go.Figure, boxes: list[Box]) -> None:
    hidden = {"visible": False, "fixedrange": True}
    labels = LABEL_HEIGHT * (2 if _is_crowded(boxes) else 1) + 8
    drawing = round(_pixels_a_unit(boxes) * (CEILING - FLOOR))
    figure.update_layout(
        xaxis={**hidden, "range": [-SIDE_MARGIN, _width(boxes) - SIDE_MARGIN]},
        yaxis={**hidden, "range": [FLOOR, CEILING], "scaleanchor": "x"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 0, "r": 0, "t": LEGEND_HEIGHT, "b": labels},
        height=drawing + LEGEND_HEIGHT + labels,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        hovermode="closest",
        dragmode=False,
    )
