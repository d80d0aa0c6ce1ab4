"""A network as volumes to scale, from the walk: height and depth are pixels, thickness is channels."""

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from core.figures.names import escaped, shortened
from core.figures.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY_BLUE, VERMILLION, shade
from core.figures.skips import Link, heights_of, links_of
from core.figures.stages import MOST, Stage, stages_of, title
from core.figures.volumes import Box, Drawing, Polygon, Volume, arrange
from core.layers.shapes import Shape, shape_text
from core.models.walk import Walk

FAILED = "can't be built"
COLORS = {
    "input": GREY,
    "convolution": BLUE,
    "attention": PURPLE,
    "pooling": ORANGE,
    "concatenation": SKY_BLUE,
    "flattened": GREY,
    "linear": GREEN,
    FAILED: VERMILLION,
}
IN_LEGEND = ("convolution", "attention", "pooling", "concatenation", "linear", FAILED)
WAYS = {
    "added": ("Skip, added", "solid"),
    "concatenated": ("Skip, concatenated", "dash"),
    "branch": ("Branch", "dot"),
}
CREST, STEP = 0.14, 0.07  # of an arc over the tallest of its boxes, and of each arc over another
APART = 0.05  # from the middle of a box to where one arc ends and the next begins
LEGEND_HEIGHT = 34  # pixels
LONGEST_NAME = 24


def network_figure(walk: Walk, width: int = 480, most: int = MOST) -> go.Figure:
    """The network of `walk`, each layer that makes a shape as the volume that it puts out.

    A network of more than `most` volumes is drawn in stages. `width` is about that of the figure's place
    on the page, in pixels: a network that is too long for it goes on in a second row. Background and text
    colours are left to the page's theme.
    """
    stages = stages_of(walk, most)
    failed = [] if walk.problem is None else [((len(walk.rows) - 1,),) * 2]
    links = links_of(walk, [*((stage.rows, stage.made) for stage in stages), *failed])
    heights = heights_of(links)
    drawing = arrange(_volumes(walk, stages), width, STEP * (max(heights, default=1) - 1))
    boxes = drawing.boxes
    figure = go.Figure()
    for kind, color in COLORS.items():
        of_kind = [box for box in boxes if box.volume.kind == kind]
        for share in (-0.25, 0.35, 0.0):
            _add_faces(figure, [box.faces()[share] for box in of_kind], shade(color, share))
        if of_kind and kind in IN_LEGEND:
            _add_legend_entry(figure, kind.capitalize(), color)
    for way in WAYS:
        _add_links(
            figure, way, [pair for pair in zip(links, heights, strict=True) if pair[0].way == way], boxes
        )
    _add_cross(figure, [box for box in boxes if box.volume.kind == FAILED])
    _add_hover(figure, boxes)
    figure.layout.annotations = [_label(box) for box in boxes]
    _lay_out(figure, drawing)
    return figure


def _volumes(walk: Walk, stages: Sequence[Stage]) -> list[Volume]:
    volumes = [Volume("input", "input", walk.input_shape, _tight(walk.input_shape), "one picture")]
    for stage in stages:
        name = escaped(shortened(title(stage.name), LONGEST_NAME))
        volumes.append(Volume(stage.kind, name, stage.shape, _tight(stage.shape), _words(walk, stage)))
    if walk.problem is not None:
        row = walk.rows[-1]
        words = "<br>".join(wrap(escaped(f"{row.layer}: {row.problem}"), 60))
        name = escaped(shortened(title(row.name), LONGEST_NAME))
        volumes.append(Volume(FAILED, name, volumes[-1].shape, FAILED, words))
    return volumes


def _words(walk: Walk, stage: Stage) -> str:
    """What hovering tells: the layer's settings, or how many layers of which classes the stage has."""
    if len(stage.made) == 1:
        rows = [walk.rows[stage.made[0]]]
        lines = [f"{rows[0].layer} {rows[0].settings}"]
    else:
        rows = [walk.rows[i] for i in stage.rows]
        counts = Counter(row.layer for row in rows).most_common()
        lines = wrap(", ".join(f"{count} {layer}" for layer, count in counts), 60)
    if title(stage.name) != stage.name:
        lines.insert(0, escaped(stage.name))
    parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
    return "<br>".join([*lines, f"{parameters:,} parameters", f"{macs:,} MACs"])


def _tight(shape: Shape) -> str:
    return "×".join(str(side) for side in shape)


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


def _add_links(figure: go.Figure, way: str, links: Sequence[tuple[Link, int]], boxes: Sequence[Box]) -> None:
    """An arc over each link, higher where it goes over others."""
    x: list[float | None] = []
    y: list[float | None] = []
    for link, height in links:
        start, end = boxes[link.start], boxes[link.end]
        under = [box.top[1] for box in boxes[link.start : link.end + 1] if box.level == end.level]
        crest = max(under) + CREST + STEP * (height - 1)
        if start.level == end.level:
            x += [start.top[0] + APART, start.top[0] + APART]
            y += [start.top[1], crest]
        else:  # the arc comes from a row above
            x += [0]
            y += [crest]
        x += [end.top[0] - APART, end.top[0] - APART, None]
        y += [crest, end.top[1], None]
    if x:
        name, dash = WAYS[way]
        line = {"color": GREY, "width": 1.5, "dash": dash}
        figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", name=name)


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
