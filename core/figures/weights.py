"""How the weights of a layer are spread, at one or two moments."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from core.figures.names import escaped
from core.figures.palette import BLUE, GREY

BINS = 60


def weight_figure(weights: Mapping[str, np.ndarray]) -> go.Figure:
    """A histogram of each array of `weights`, by its name, in the same bins; the last one stands out."""
    finite = {name: values[np.isfinite(values)] for name, values in weights.items()}
    limit = max((float(np.abs(values).max()) for values in finite.values() if values.size), default=0) or 1.0
    edges = np.linspace(-limit, limit, BINS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    for place, (name, values) in enumerate(finite.items(), start=1):
        counts, _ = np.histogram(values, edges)
        figure.add_bar(
            x=middles,
            y=counts,
            name=escaped(name),
            marker={"color": BLUE if place == len(finite) else GREY, "line": {"width": 0}},
            opacity=0.9 if place == len(finite) else 0.55,
            hovertemplate="about %{x:.3g}: %{y:,} weights<extra></extra>",
        )
    figure.update_layout(
        title={
            "text": "How the layer's weights are spread",
            "x": 0,
            "xanchor": "left",
            "y": 0.98,
            "yanchor": "top",
        },
        height=280,
        barmode="overlay",
        bargap=0,
        margin={"l": 10, "r": 10, "t": 64, "b": 10},
        showlegend=len(finite) > 1,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
        dragmode=False,
    )
    figure.update_xaxes(title_text="weight", fixedrange=True)
    figure.update_yaxes(title_text="weights", rangemode="tozero", fixedrange=True)
    return figure
