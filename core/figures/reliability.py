"""Reliability diagrams: how often a model is right when it is so sure."""

import math

import plotly.graph_objects as go

from core.comparison.scores import Reliability
from core.figures.names import escaped, shortened
from core.figures.palette import BLUE, GREY, VERMILLION

LONGEST_NAME = 34
HEIGHT = 340  # pixels
SMALLEST_DOT, LARGEST_DOT = 6, 26  # pixels


def reliability_figure(name: str, diagram: Reliability) -> go.Figure:
    """How often a run is right when it is so sure: on the diagonal it is as right as it says.

    A dot's area grows with the pictures in its bin.
    """
    figure = _diagonal(f"How sure, how right: {escaped(shortened(name, LONGEST_NAME))}")
    _add(figure, diagram, "", BLUE, "solid")
    return figure


def calibration_figure(before: Reliability, after: Reliability) -> go.Figure:
    """The same of one run, with its probabilities as the network makes them and calibrated."""
    figure = _diagonal("How sure, how right")
    _add(figure, before, "as the network says", VERMILLION, "dot")
    _add(figure, after, "calibrated", BLUE, "solid")
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": -0.24, "yanchor": "top", "x": 0, "itemsizing": "constant"},
    )
    return figure


def _diagonal(title: str) -> go.Figure:
    figure = go.Figure(
        go.Scatter(
            x=[0, 100],
            y=[0, 100],
            mode="lines",
            line={"color": GREY, "dash": "dash"},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        hovermode="closest",
        dragmode=False,
        showlegend=False,
    )
    figure.update_xaxes(title_text="mean confidence (%)", range=[-3, 103], fixedrange=True)
    figure.update_yaxes(title_text="right (%)", range=[-6, 106], fixedrange=True)
    return figure


def _add(figure: go.Figure, diagram: Reliability, name: str, color: str, dash: str) -> None:
    """A line of `diagram`, whose dots tell by their area how many pictures they hold."""
    share = [math.sqrt(count / diagram.pictures.max()) for count in diagram.pictures.tolist()]
    figure.add_scatter(
        x=100 * diagram.confidence,
        y=100 * diagram.accuracy,
        name=name,
        mode="lines+markers",
        cliponaxis=False,
        line={"color": color, "width": 1.5, "dash": dash},
        marker={"size": [SMALLEST_DOT + (LARGEST_DOT - SMALLEST_DOT) * each for each in share]},
        hovertext=[
            f"{confidence:.0%} sure, {accuracy:.0%} right<br>{count:,} picture{'' if count == 1 else 's'}"
            for confidence, accuracy, count in zip(
                diagram.confidence.tolist(),
                diagram.accuracy.tolist(),
                diagram.pictures.tolist(),
                strict=True,
            )
        ],
        hoverinfo="text",
    )
