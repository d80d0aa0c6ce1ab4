"""A confusion matrix as a heatmap whose cells can be clicked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.names import escaped, shortened
from core.figures.palette import VERMILLION

MOST_NUMBERS = 20  # classes up to which every cell shows its count
MOST_NAMES = 40  # classes up to which every row shows its name
LONGEST_NAME = 16


def confusion_figure(
    confusion: np.ndarray, classes: Sequence[str], marked: tuple[int, int] | None = None
) -> go.Figure:
    """Counts `confusion` (K, K), row = true, column = predicted class; the colour is the share of the row.

    A heatmap can't be clicked in a way that Streamlit hears, so an invisible marker lies on each cell and
    carries (row, column) for `cell_of_selection`. `marked` is the cell to draw a frame around. Sets no colour
    scale, so that the page's theme gives a light or a dark one.
    """
    k = len(classes)
    totals = confusion.sum(1, keepdims=True)
    shares = np.divide(confusion, totals, out=np.zeros(confusion.shape), where=totals > 0)
    places = list(range(k))
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=places,
            y=places,
            text=_texts(confusion) if k <= MOST_NUMBERS else None,
            texttemplate="%{text}" if k <= MOST_NUMBERS else None,
            zmin=0,
            zmax=1,
            xgap=2 if k <= MOST_NAMES else 0,
            ygap=2 if k <= MOST_NAMES else 0,
            colorbar={"title": {"text": "share of<br>the true class"}, "tickformat": ".0%", "thickness": 12},
            showscale=k > MOST_NUMBERS,
            hoverinfo="skip",
        )
    )
    rows, columns = (axis.ravel() for axis in np.indices((k, k)))
    invisible = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers",
        marker={"opacity": 0, "size": 20, "symbol": "square"},
        selected=invisible,
        unselected=invisible,
        customdata=np.stack([rows, columns], axis=1).tolist(),
        hovertext=[
            _hover(confusion, shares, classes, t, p)
            for t, p in zip(rows.tolist(), columns.tolist(), strict=True)
        ],
        hoverinfo="text",
        showlegend=False,
    )
    if marked is not None:
        row, column = marked
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": VERMILLION, "width": 3},
        )
    _lay_out(figure, classes)
    return figure


def cell_of_selection(points: Sequence[Mapping[str, Any]]) -> tuple[int, int] | None:
    """(true, predicted) class indices of the cell that was clicked, from Streamlit's selected points."""
    for point in points:
        cell = point.get("customdata")
        if isinstance(cell, Mapping):
            cell = [cell.get("0"), cell.get("1")]
        if isinstance(cell, Sequence) and len(cell) >= 2 and None not in cell:
            return int(cell[0]), int(cell[1])
    return None


def short_name(name: str) -> str:
    """`name` as it fits on an axis."""
    return shortened(name, LONGEST_NAME)


def _texts(confusion: np.ndarray) -> list[list[str]]:
    """Counts; an empty cell stays empty, so that mistakes stand out."""
    return [[str(count) if count else "" for count in row] for row in confusion.tolist()]


def _hover(confusion: np.ndarray, shares: np.ndarray, classes: Sequence[str], t: int, p: int) -> str:
    n = int(confusion[t, p])
    pictures = f"{n:,} picture{'' if n == 1 else 's'}, {shares[t, p]:.1%} of the class"
    return f"true: {_label(classes[t])}<br>predicted: {_label(classes[p])}<br>{pictures}"


def _label(name: str) -> str:
    return escaped(short_name(name))


def _lay_out(figure: go.Figure, classes: Sequence[str]) -> None:
    k = len(classes)
    every = 1 if k <= MOST_NAMES else -(-k // MOST_NAMES)
    ticks = {
        "tickmode": "array",
        "tickvals": list(range(0, k, every)),
        "ticktext": [_label(name) for name in classes[::every]],
        "range": [-0.5, k - 0.5],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
    figure.update_layout(
        title={"text": "Confusion matrix (number of pictures)", "x": 0, "xanchor": "left"},
        height=min(760, max(340, 120 + 34 * k)),
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        hoverdistance=-1,
        hovermode="closest",
        dragmode=False,
    )
    figure.update_xaxes(title_text="predicted class", **ticks)
    figure.update_yaxes(title_text="true class", **{**ticks, "range": [k - 0.5, -0.5]})
