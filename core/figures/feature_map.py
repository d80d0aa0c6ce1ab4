"""The map of features: a point a picture, coloured by its class, to be picked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.names import escaped, shortened
from core.figures.palette import GREY, LINES

HEIGHT = 420  # pixels
LONGEST_NAME = 24
SYMBOLS = ("circle", "diamond", "square", "cross", "triangle-up")


def feature_map_figure(
    places: np.ndarray,
    pictures: Sequence[int],
    labels: np.ndarray,
    classes: Sequence[str],
    words: Sequence[str],
    *,
    title: str,
    axes: tuple[str, str],
    marked: int | None = None,
) -> go.Figure:
    """Points `places` (M, 2) of `pictures`, with class indices `labels` (M,) and a line of `words` for each.

    Classes beyond the colours have another symbol in the same colours. `marked` is the picture to draw a
    ring around. `picture_of_selection` tells which one was pressed.
    """
    figure = go.Figure()
    numbers = np.asarray(pictures)
    for index, name in enumerate(classes):
        chosen = np.flatnonzero(labels == index)
        label = escaped(shortened(name, LONGEST_NAME))
        figure.add_scatter(
            x=places[chosen, 0],
            y=places[chosen, 1],
            mode="markers",
            name=label,
            marker={
                "color": LINES[index % len(LINES)],
                "symbol": SYMBOLS[index // len(LINES) % len(SYMBOLS)],
                "size": 8,
                "opacity": 0.8,
                "line": {"width": 0},
            },
            selected={"marker": {"opacity": 0.8}},
            unselected={"marker": {"opacity": 0.8}},
            customdata=numbers[chosen, None].tolist(),
            hovertext=[f"<b>{label}</b><br>{escaped(words[point])}" for point in chosen.tolist()],
            hoverinfo="text",
        )
    if marked is not None and (found := np.flatnonzero(numbers == marked)).size:
        figure.add_scatter(
            x=places[found, 0],
            y=places[found, 1],
            mode="markers",
            marker={"symbol": "circle-open", "size": 20, "color": GREY, "line": {"width": 3}},
            hoverinfo="skip",
            showlegend=False,
        )
    _lay_out(figure, title, axes)
    return figure


def picture_of_selection(points: Sequence[Mapping[str, Any]]) -> int | None:
    """The picture whose point was pressed, from Streamlit's selected points."""
    for point in points:
        data = point.get("customdata")
        if isinstance(data, Mapping):
            data = [data.get("0")]
        if isinstance(data, Sequence) and data and isinstance(data[0], int):
            return data[0]
    return None


def nearest(places: np.ndarray, point: int, most: int) -> np.ndarray:
    """The `most` points nearest to `point` on the map, itself left out, the nearest first."""
    distances = np.linalg.norm(places - places[point], axis=1)
    distances[point] = np.inf
    return np.argsort(distances, kind="stable")[: min(most, len(places) - 1)]


def _lay_out(figure: go.Figure, title: str, axes: tuple[str, str]) -> None:
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        hovermode="closest",
        dragmode="pan",
        clickmode="event+select",
        legend={"itemsizing": "constant", "title": {"text": "class"}},
    )
    axis = {"zeroline": False, "showgrid": False, "showticklabels": False, "automargin": True}
    figure.update_xaxes(title_text=axes[0], **axis)
    figure.update_yaxes(title_text=axes[1], **axis)
