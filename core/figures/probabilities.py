"""How sure a network is of each class, as bars."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.names import escaped, shortened
from core.figures.palette import BLUE, GREY

BAR = 34  # pixels
LONGEST_NAME = 24


def probability_figure(classes: Sequence[str], probabilities: np.ndarray, order: Sequence[int]) -> go.Figure:
    """Bars of `probabilities` (K,) of the classes `order`, from the top; the first one stands out."""
    shares = [float(probabilities[index]) for index in order]
    places = list(range(len(shares)))
    figure = go.Figure(
        go.Bar(
            x=shares,
            y=places,
            orientation="h",
            marker={"color": [BLUE, *[GREY] * (len(shares) - 1)]},
            text=[f"{share:.1%}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            customdata=[escaped(shortened(classes[index], LONGEST_NAME)) for index in order],
            hovertemplate="%{customdata}: %{x:.2%}<extra></extra>",
        )
    )
    figure.update_layout(
        title={"text": "Probability of each class", "x": 0, "xanchor": "left"},
        height=104 + BAR * max(2, len(shares)),
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        bargap=0.3,
        dragmode=False,
    )
    figure.update_xaxes(title_text="probability", range=[0, 1.14], tickformat=".0%", fixedrange=True)
    figure.update_xaxes(tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(
        tickvals=places,
        ticktext=[escaped(shortened(classes[index], LONGEST_NAME)) for index in order],
        range=[len(shares) - 0.5, -0.5],
        automargin=True,
        fixedrange=True,
    )
    return figure
