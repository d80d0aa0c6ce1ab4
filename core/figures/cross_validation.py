"""The candidates of a cross-validated search: the score of every fold, and their means."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures.palette import BLUE, GREY, VERMILLION
from core.tuning.skorch_config import parameter_words
from core.tuning.skorch_results import Candidate

MOST = 12  # candidates
LINE = 30  # pixels


def fold_scores_figure(candidates: Sequence[Candidate]) -> go.Figure:
    """A line a candidate, the best on top, at most `MOST`: a dot a fold, and mean ± standard deviation."""
    shown = [candidate for candidate in candidates if candidate.mean is not None][:MOST]
    figure = go.Figure()
    figure.add_scatter(
        x=[100 * (candidate.mean or 0) for candidate in shown],
        y=list(range(len(shown))),
        error_x={
            "type": "data",
            "array": [100 * (candidate.std or 0) for candidate in shown],
            "color": VERMILLION,
            "thickness": 3,
            "width": 7,
        },
        mode="markers",
        name="mean ± standard deviation",
        marker={"color": VERMILLION, "size": 10, "symbol": "diamond"},
        hovertext=[f"{_label(c)}<br>{c.mean:.2%} ± {c.std:.2%}" for c in shown],
        hoverinfo="text",
    )
    dots = [
        (100 * accuracy, place, f"{_label(candidate)}<br>fold {fold}: {accuracy:.2%}")
        for place, candidate in enumerate(shown)
        for fold, accuracy in enumerate(candidate.accuracies, 1)
    ]
    figure.add_scatter(
        x=[x for x, _, _ in dots],
        y=[y for _, y, _ in dots],
        mode="markers",
        name="one fold",
        marker={"color": BLUE, "size": 8, "opacity": 0.75, "line": {"color": GREY, "width": 1}},
        hovertext=[words for *_, words in dots],
        hoverinfo="text",
    )
    more = f", the best {MOST}" if len(candidates) > MOST else ""
    figure.update_layout(
        title={"text": f"Accuracy of each fold{more}", "x": 0, "xanchor": "left"},
        height=160 + LINE * max(len(shown), 2),
        margin={"l": 10, "r": 10, "t": 40, "b": 70},
        hovermode="closest",
        dragmode=False,
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "x": 0,
            "xanchor": "left",
        },
    )
    figure.update_xaxes(title_text="pictures classified right (%)", fixedrange=True, zeroline=False)
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[f"{candidate.rank}." for candidate in shown],
        title_text="rank",
        range=[len(shown) - 0.5, -0.5],
        fixedrange=True,
        zeroline=False,
        automargin=True,
    )
    return figure


def _label(candidate: Candidate) -> str:
    return parameter_words(candidate.parameters)
