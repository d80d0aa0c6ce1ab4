"""A network as volumes to scale, from the walk: height and depth are pixels, thickness is channels."""

from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from core.figures.names import escaped
from core.figures.palette import GREY, VERMILLION, shade
from core.figures.scene import COLORS, FAILED, IN_LEGEND, WAYS, Arc, scene_of
from core.figures.stages import MOST
from core.figures.volumes import Box, Drawing, Polygon, Volume
from core.layers.shapes import shape_text
from core.models.walk import Walk

LEGEND_HEIGHT = 34  # pixels


def network_figure(walk: Walk, width: int = 480, most: int = MOST) -> go.Figure:
    """The network of `walk`, each layer that makes a shape as the volume that it puts out.

    A network of more than `most` volumes is drawn in stages. `width` is about that of the figure's place
    on the page, in pixels: a network that is too long for it goes on in a second row. Background and text
    colours are left to the page's theme.
    """
    scene = scene_of(walk, width, most)
    boxes = scene.boxes
    figure = go.Figure()
    for kind, color in COLORS.items():
        of_kind = [box for box in boxes if box.volume.kind == kind]
        for share in (-0.25, 0.35, 0.0):
            _add_faces(figure, [box.faces()[share] for box in of_kind], shade(color, share))
        if of_kind and kind in IN_LEGEND:
            _add_legend_entry(figure, kind.capitalize(), color)
    for way in WAYS:
        _add_arcs(figure, way, [arc for arc in scene.arcs if arc.way == way])
    _add_cross(figure, [box for box in boxes if box.volume.kind == FAILED])
    _add_hover(figure, boxes)
    figure.layout.annotations = [_label(box) for box in boxes]
    _lay_out(figure, scene.drawing)
    return figure


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


def _add_arcs(figure: go.Figure, way: str, arcs: Sequence[Arc]) -> None:
    """The ways around volumes that come in alike."""
    points = [point for arc in arcs for point in (*arc.points, (None, None))]
    if points:
        name, dash = WAYS[way]
        x, y = zip(*points, strict=True)
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
        customdata=[_told(box.volume) for box in boxes],
        hovertemplate="<b>%{customdata[0]}</b>: %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        showlegend=False,
    )


def _told(volume: Volume) -> list[str]:
    words = escaped(volume.words).replace("\n", "<br>")
    return [escaped(volume.name), shape_text(volume.shape), words]


def _label(box: Box) -> dict[str, Any]:
    failed = box.volume.kind == FAILED
    return {
        "x": box.middle[0],
        "y": box.ground,
        "text": f"<b>{escaped(box.volume.name)}</b><br>{box.volume.label}",
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
