"""Learning curves: loss and accuracy over the epochs, of one run or of many."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.palette import BLUE, VERMILLION, line_style

HEIGHT = 330  # pixels
HOVER = "epoch %{x}: %{y:.4f}"
HOVER_PERCENT = "epoch %{x}: %{y:.1%}"


@dataclass(frozen=True)
class RunCurves:
    """A run's name and its finished epochs, as records with `epoch`, `train_loss`, `valid_accuracy` ..."""

    name: str
    records: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class _Quantity:
    title: str
    axis: str
    suffix: str
    hover: str
    tick_format: str


_LOSS = _Quantity("Loss", "mean loss a picture", "loss", HOVER, "")
_ACCURACY = _Quantity("Accuracy", "share of pictures", "accuracy", HOVER_PERCENT, ".0%")


def loss_figure(run: RunCurves, epochs: int) -> go.Figure:
    """Training and validation loss of one run, on an axis of `epochs` that the curves grow into."""
    return _one_run(run, epochs, _LOSS)


def accuracy_figure(run: RunCurves, epochs: int) -> go.Figure:
    """Training and validation accuracy of one run, its best epoch marked."""
    return _one_run(run, epochs, _ACCURACY)


def compared_loss_figure(runs: Sequence[RunCurves]) -> go.Figure:
    """The validation loss of several runs."""
    return _many_runs(runs, _LOSS)


def compared_accuracy_figure(runs: Sequence[RunCurves]) -> go.Figure:
    """The validation accuracy of several runs."""
    return _many_runs(runs, _ACCURACY)


def best_epoch(records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The record of the last epoch that was a new best; None before the first."""
    return next((record for record in reversed(_whole(records)) if record.get("is_best")), None)


def _one_run(run: RunCurves, epochs: int, quantity: _Quantity) -> go.Figure:
    figure = go.Figure()
    parts = (("train", "training", BLUE, "circle"), ("valid", "validation", VERMILLION, "diamond"))
    for part, words, color, symbol in parts:
        x, y = _points(run.records, f"{part}_{quantity.suffix}")
        figure.add_scatter(
            x=x,
            y=y,
            name=words,
            mode="lines+markers",
            line={"color": color, "width": 2.5},
            marker={"symbol": symbol, "size": 7 if len(x) <= 40 else 3},
            hovertemplate=quantity.hover,
        )
    best = best_epoch(run.records)
    value = None if best is None else _number(best.get(f"valid_{quantity.suffix}"))
    if best is not None and value is not None:
        figure.add_scatter(
            x=[best["epoch"]],
            y=[value],
            mode="markers",
            showlegend=False,
            cliponaxis=False,
            marker={"symbol": "circle-open", "size": 15, "color": VERMILLION, "line": {"width": 2.5}},
            hoverinfo="skip",
        )
    title = quantity.title if best is None else f"{quantity.title} (best epoch: {best['epoch']}, circled)"
    drawn = [
        y for part, *_ in parts for y in _points(run.records, f"{part}_{quantity.suffix}")[1] if y is not None
    ]
    return _laid_out(figure, quantity, drawn, max(epochs, len(run.records), 1), title)


def _many_runs(runs: Sequence[RunCurves], quantity: _Quantity) -> go.Figure:
    figure = go.Figure()
    drawn: list[float] = []
    for position, run in enumerate(runs):
        x, y = _points(run.records, f"valid_{quantity.suffix}")
        color, dash = line_style(position)
        drawn += [value for value in y if value is not None]
        figure.add_scatter(
            x=x,
            y=y,
            name=run.name,
            mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": dash},
            marker={"size": 6 if len(x) <= 40 else 3},
            hovertemplate=quantity.hover,
        )
    epochs = max((len(run.records) for run in runs), default=1)
    return _laid_out(figure, quantity, drawn, max(epochs, 1), f"Validation {quantity.suffix}")


def _laid_out(
    figure: go.Figure, quantity: _Quantity, drawn: Sequence[float], epochs: int, title: str
) -> go.Figure:
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 60, "b": 10},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
        showlegend=True,
        dragmode=False,
    )
    figure.update_xaxes(
        title_text="epoch", range=[0.5, epochs + 0.5], dtick=_step(epochs), tick0=0, fixedrange=True
    )
    figure.update_yaxes(
        title_text=quantity.axis,
        range=_accuracy_range(drawn) if quantity is _ACCURACY else _loss_range(drawn),
        tickformat=quantity.tick_format,
        fixedrange=True,
    )
    return figure


def _points(records: Sequence[Mapping[str, Any]], key: str) -> tuple[list[int], list[float | None]]:
    """Epochs and values; what is not a finite number leaves a gap."""
    whole = _whole(records)
    return [int(record["epoch"]) for record in whole], [_number(record.get(key)) for record in whole]


def _whole(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The records that say which epoch they are of."""
    return [record for record in records if _number(record.get("epoch")) is not None]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _accuracy_range(drawn: Sequence[float]) -> list[float]:
    """Whole tens of percent around the values, so that the axis moves seldom while curves grow."""
    low = math.floor(min(drawn, default=0.0) * 10) / 10
    return [min(low, 0.9), 1.005]


def _loss_range(drawn: Sequence[float]) -> list[float]:
    """From 0 to the first of 1, 2, 5, 10 ... (also 0.1, 0.2 ...) above the values."""
    high = max(drawn, default=1.0)
    power = 10.0 ** math.floor(math.log10(high)) if high > 0 else 0.1
    return [0, next(power * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if power * step >= high)]


def _step(epochs: int) -> int:
    """Distance of ticks that leaves at most ten of them."""
    rough = epochs / 10
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if step >= rough)
