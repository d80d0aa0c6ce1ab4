"""The validation curves of several runs, one over the other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.live_curves import Record, number
from core.figures.names import escaped
from core.figures.palette import line_style

HEIGHT, LEGEND_LINE = 310, 14  # pixels; names may stand two in a line


@dataclass(frozen=True)
class RunCurves:
    """A run's name and its finished epochs, as records with `epoch`, `train_loss`, `valid_accuracy` ..."""

    name: str
    records: Sequence[Record]


def compared_loss_figure(runs: Sequence[RunCurves]) -> go.Figure:
    """The validation loss of several runs."""
    figure = _overlaid(runs, "loss", "mean loss a picture", "epoch %{x}: %{y:.4f}")
    figure.update_yaxes(rangemode="tozero")
    return figure


def compared_accuracy_figure(runs: Sequence[RunCurves]) -> go.Figure:
    """The validation accuracy of several runs."""
    figure = _overlaid(runs, "accuracy", "share of pictures", "epoch %{x}: %{y:.1%}")
    lowest = min((y for line in figure.data for y in line.y if y is not None), default=0.0)
    figure.update_yaxes(range=[min(math.floor(lowest * 10) / 10, 0.9), 1.005], tickformat=".0%")
    return figure


def _overlaid(runs: Sequence[RunCurves], quantity: str, unit: str, hover: str) -> go.Figure:
    figure = go.Figure()
    for position, run in enumerate(runs):
        x, y = _points(run.records, f"valid_{quantity}")
        color, dash = line_style(position)
        figure.add_scatter(
            x=x,
            y=y,
            name=escaped(run.name),
            mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": dash},
            marker={"size": 6 if len(x) <= 40 else 3},
            hovertemplate=hover,
        )
    epochs = max((len(run.records) for run in runs), default=1)
    figure.update_layout(
        title={"text": f"Validation {quantity}", "x": 0, "xanchor": "left"},
        height=HEIGHT + LEGEND_LINE * len(runs),
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.26, "yanchor": "top", "x": 0, "xanchor": "left"},
        showlegend=True,
        dragmode=False,
    )
    ticks = {"range": [0.5, max(epochs, 1) + 0.5], "dtick": _step(epochs), "tick0": 0}
    figure.update_xaxes(title_text="epoch", fixedrange=True, **ticks)
    figure.update_yaxes(title_text=unit, fixedrange=True)
    return figure


def _points(records: Sequence[Record], key: str) -> tuple[list[int], list[float | None]]:
    """Epochs and values; what is not a finite number leaves a gap."""
    whole = [record for record in records if number(record.get("epoch")) is not None]
    return [int(record["epoch"]) for record in whole], [number(record.get(key)) for record in whole]


def _step(epochs: int) -> int:
    """Distance of ticks that leaves at most ten of them."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if step >= epochs / 10)
