"""A CNN as volumes to scale, from the walk: height and depth are pixels, thickness is channels."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from core.figures.palette import BLUE, GREEN, GREY, ORANGE, VERMILLION, shade
from core.figures.volumes import Box, Drawing, Polygon, Volume, arrange
from core.layers.shapes import Shape, shape_text
from core.models.walk import LayerRow, Walk

FAILED = "can't be built"
COLORS = {
    "input": GREY,
    "convolution": BLUE,
    "pooling": ORANGE,
    "flattened": GREY,
    "linear": GREEN,
    FAILED: VERMILLION,
}
IN_LEGEND = ("convolution", "pooling", "linear", FAILED)
KINDS = {
    "Conv2d": "convolution",
    "MaxPool2d": "pooling",
    "AvgPool2d": "pooling",
    "AdaptiveAvgPool2d": "pooling",
    "Flatten": "flattened",
    "Linear": "linear",
}
CREST = 0.14  # of a skip's arc, over the taller of its two ends
APART = 0.05  # from the middle of a box to where one arc ends and the next begins
LEGEND_HEIGHT = 34  # pixels


def network_figure(walk: Walk, width: int = 480) -> go.Figure:
    """The network of `walk`, each layer that makes a shape as the volume that it puts out.

    `width` is about that of the figure's place on the page, in pixels: a network that is too long for
    it goes on in a second row. Background and text colours are left to the page's theme.
    """
    drawing = arrange(_volumes(walk), width)
    boxes = drawing.boxes
    figure = go.Figure()
    for kind, color in COLORS.items():
        of_kind = [box for box in boxes if box.volume.kind == kind]
        for share in (-0.25, 0.35, 0.0):
            _add_faces(figure, [box.faces()[share] for box in of_kind], shade(color, share))
        if of_kind and kind in IN_LEGEND:
            _add_legend_entry(figure, kind.capitalize(), color)
    _add_skips(figure, walk.rows, boxes)
    _add_cross(figure, [box for box in boxes if box.volume.kind == FAILED])
    _add_hover(figure, boxes)
    figure.layout.annotations = [_label(box) for box in boxes]
    _lay_out(figure, drawing)
    return figure


def _volumes(walk: Walk) -> list[Volume]:
    volumes = [Volume("input", "input", walk.input_shape, _tight(walk.input_shape), "one picture", "input")]
    for row in walk.rows:
        if row.problem is not None:
            words = "<br>".join(wrap(f"{row.layer}: {row.problem}", 60))
            volumes.append(Volume(FAILED, _short(row), volumes[-1].shape, FAILED, words, row.name))
        elif row.layer in KINDS and not row.path.endswith("skip"):
            words = f"{row.layer} {row.settings}<br>{row.parameters:,} parameters<br>{row.macs:,} MACs"
            kind, label = KINDS[row.layer], _tight(row.output)
            volumes.append(Volume(kind, _short(row), row.output, label, words, row.name))
    return volumes


def _tight(shape: Shape) -> str:
    return "×".join(str(side) for side in shape)


def _short(row: LayerRow) -> str:
    """ "conv3" for "residual3.main.conv"."""
    outer, _, rest = row.name.partition(".")
    return outer.replace("residual", "conv") if rest else outer


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


def _add_skips(figure: go.Figure, rows: Iterable[LayerRow], boxes: Sequence[Box]) -> None:
    """An arc over each residual connection, from what comes in to what it is added to."""
    places = {box.volume.layer: index for index, box in enumerate(boxes)}
    x: list[float | None] = []
    y: list[float | None] = []
    for row in rows:
        index = places.get(f"{row.name}.main.conv")
        if row.layer != "Add" or index is None:
            continue
        start, end = boxes[index - 1], boxes[index]
        if start.level == end.level:
            crest = max(start.top[1], end.top[1]) + CREST
            x += [start.top[0] + APART, start.top[0] + APART]
            y += [start.top[1], crest]
        else:  # the arc comes from the row above
            crest = end.top[1] + CREST
            x += [0]
            y += [crest]
        x += [end.top[0] - APART, end.top[0] - APART, None]
        y += [crest, end.top[1], None]
    if x:
        line = {"color": GREY, "width": 1.5}
        figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", name="Skip, added")


def _add_cross(figure: go.Figure, failed: Sequence[Box]) -> None:
    """A cross on what can't be built, seen even where the map is tiny."""
    if failed:
        figure.add_scatter(
            x=[box.middle[0] for box in failed],
            y=[box.middle[1] for box in failed],
            mode="markers",
            marker={"symbol": "x-thin", "size": 26, "line": {"color": VERMILLION, "width": 4}},
            hoverinfo="skip",
            showlegend=False,
        )


def _add_hover(figure: go.Figure, boxes: Sequence[Box]) -> None:
    figure.add_scatter(
        x=[box.middle[0] for box in boxes],
        y=[box.middle[1] for box in boxes],
        mode="markers",
        marker={"size": 36, "opacity": 0},
        customdata=[[box.volume.name, shape_text(box.volume.shape), box.volume.words] for box in boxes],
        hovertemplate="<b>%{customdata[0]}</b>: %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        showlegend=False,
    )


def _label(box: Box) -> dict[str, Any]:
    failed = box.volume.kind == FAILED
    return {
        "x": box.middle[0],
        "y": box.ground,
        "text": f"<b>{box.volume.name}</b><br>{box.volume.label}",
        "showarrow": False,
        "yanchor": "top",
        "font": {"size": 11, "color": VERMILLION} if failed else {"size": 11},
    }


def _lay_out(figure: go.Figure, drawing: Drawing) -> None:
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        xaxis={**hidden, "range": [0, drawing.width]},
        yaxis={**hidden, "range": [drawing.bottom, drawing.top], "scaleanchor": "x"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 0, "r": 0, "t": LEGEND_HEIGHT, "b": 0},
        height=round((drawing.top - drawing.bottom) * drawing.unit) + LEGEND_HEIGHT,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        hovermode="closest",
        dragmode=False,
    )
