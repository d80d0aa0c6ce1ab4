"""Pictures of a data set's report: how many of each class and side, and how large the pictures are."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.data.report import ClassCount, SizeCount
from core.figures.names import escaped, shortened
from core.figures.palette import BLUE, GREEN, LINES, VERMILLION

SIDES = (("train", "training", BLUE), ("valid", "validation", VERMILLION), ("test", "test", GREEN))
FRAME, BAR, TALLEST = 130, 24, 900  # pixels
SPREAD = 30  # pictures that the largest bubble stands for at least
NAME_LENGTH = 28  # characters of a class that an axis has room for


def class_balance_figure(classes: Sequence[ClassCount]) -> go.Figure:
    """A bar a class, its pictures divided among the sides of the split."""
    positions = list(range(len(classes)))
    figure = go.Figure()
    for side, words, color in SIDES:
        counts = [getattr(row, side) for row in classes]
        if any(counts):
            figure.add_bar(
                y=positions,
                x=counts,
                name=words,
                orientation="h",
                marker={"color": color},
                customdata=[escaped(row.label) for row in classes],
                hovertemplate="%{customdata}: %{x:,} for " + words + "<extra></extra>",
            )
    figure.update_layout(
        title={"text": "Pictures of each class", "x": 0, "y": 0.98, "yanchor": "top"},
        barmode="stack",
        bargap=0.25,
        height=min(TALLEST, FRAME + BAR * max(4, len(classes))),
        margin={"l": 10, "r": 10, "t": 66, "b": 10},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        showlegend=True,
        dragmode=False,
    )
    figure.update_xaxes(title_text="pictures", rangemode="tozero", fixedrange=True)
    figure.update_yaxes(
        tickvals=positions,
        ticktext=[escaped(shortened(row.label, NAME_LENGTH)) for row in classes],
        autorange="reversed",
        fixedrange=True,
    )
    return figure


def picture_sizes_figure(sizes: Sequence[SizeCount]) -> go.Figure:
    """A bubble for each width and height, its area the number of pictures."""
    most = max([SPREAD, *(size.pictures for size in sizes)])
    figure = go.Figure(
        go.Scatter(
            x=[size.width for size in sizes],
            y=[size.height for size in sizes],
            mode="markers",
            marker={
                "color": LINES[5],
                "opacity": 0.65,
                "size": [size.pictures for size in sizes],
                "sizemode": "area",
                "sizeref": 2 * most / 32**2,
                "sizemin": 4,
            },
            customdata=[size.pictures for size in sizes],
            hovertemplate="%{x:,} x %{y:,} px: %{customdata:,}<extra></extra>",
        )
    )
    figure.update_layout(
        title={"text": "Picture sizes", "x": 0, "xanchor": "left"},
        height=320,
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        dragmode=False,
    )
    figure.update_xaxes(title_text="width, pixels", rangemode="tozero", fixedrange=True)
    figure.update_yaxes(title_text="height, pixels", rangemode="tozero", fixedrange=True)
    return figure
