"""Runs compared: scores with their intervals, accuracy against time, learning curves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.comparison.intervals import Estimate
from core.comparison.learning_curve import CurvePoint
from core.comparison.scores import Score
from core.comparison.words import interval_words, time_words
from core.figures.names import escaped, shortened
from core.figures.palette import line_style
from core.figures.time_ticks import time_ticks

LONGEST_NAME = 34
LINE, HEIGHT = 34, 340  # pixels


@dataclass(frozen=True)
class Scored:
    """A run's name with one of its scores; `seconds` is the time that it trained."""

    name: str
    estimate: Estimate
    seconds: float | None = None


def score_figure(runs: Sequence[Scored], score: Score) -> go.Figure:
    """A dot with its 95 % interval a run, the first on top."""
    figure = go.Figure()
    for position, run in enumerate(runs):
        color, _ = line_style(position)
        low, value, high = _shown(run.estimate, score)
        figure.add_scatter(
            x=[value],
            y=[position],
            error_x=_whisker(low, value, high, color),
            mode="markers",
            marker={"color": color, "size": 11},
            hovertext=f"{_label(run.name)}<br>{interval_words(score, run.estimate)}",
            hoverinfo="text",
        )
    better = "more is better" if score.higher_is_better else "less is better"
    unit = "nats a picture" if score is Score.LOG_LOSS else "%"
    _lay_out(figure, f"{score[:1].upper()}{score[1:]} with 95 % intervals", 96 + LINE * max(len(runs), 2))
    figure.update_xaxes(title_text=f"{unit}, {better}", fixedrange=True, zeroline=False)
    figure.update_yaxes(
        tickvals=list(range(len(runs))),
        ticktext=[_label(run.name) for run in runs],
        range=[len(runs) - 0.5, -0.5],
        fixedrange=True,
        automargin=True,
        zeroline=False,
    )
    return figure


def time_figure(runs: Sequence[Scored]) -> go.Figure:
    """Accuracy against the time to train, on a logarithmic axis; without runs that don't tell their time."""
    figure = go.Figure()
    timed = [(position, run) for position, run in enumerate(runs) if run.seconds]
    for position, run in timed:
        color, _ = line_style(position)
        low, value, high = _shown(run.estimate, Score.ACCURACY)
        figure.add_scatter(
            x=[run.seconds],
            y=[value],
            error_y=_whisker(low, value, high, color),
            name=_label(run.name),
            mode="markers",
            marker={"color": color, "size": 11},
            hovertext=f"{_label(run.name)}<br>{interval_words(Score.ACCURACY, run.estimate)}<br>"
            f"{time_words(run.seconds or 0)} to train",
            hoverinfo="text",
        )
    _lay_out(figure, "Accuracy against time to train", HEIGHT, legend=True)
    figure.update_xaxes(
        title_text="time to train", fixedrange=True, **_times([run.seconds or 0 for _, run in timed])
    )
    figure.update_yaxes(title_text="accuracy (%)", fixedrange=True)
    return figure


def learning_curve_figure(points: Sequence[CurvePoint], score: Score) -> go.Figure:
    """A line a route over the number of training pictures, on a logarithmic axis."""
    figure = go.Figure()
    routes = list(dict.fromkeys(point.route for point in points))
    for position, route in enumerate(routes):
        color, dash = line_style(position)
        line = sorted((point for point in points if point.route == route), key=lambda point: point.pictures)
        shown = [_shown(point.scores[score], score) for point in line]
        figure.add_scatter(
            x=[point.pictures for point in line],
            y=[value for _, value, _ in shown],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high - value for _, value, high in shown],
                "arrayminus": [value - low for low, value, _ in shown],
                "color": color,
                "thickness": 1.2,
                "width": 4,
            },
            name=_label(route),
            mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": dash},
            marker={"size": 8},
            hovertext=[
                f"{_label(route)}<br>{point.pictures:,} training pictures ({point.share:.0%})<br>"
                f"{interval_words(score, point.scores[score])}"
                for point in line
            ],
            hoverinfo="text",
        )
    counts = sorted({point.pictures for point in points})
    _lay_out(figure, f"{score[:1].upper()}{score[1:]} by training pictures", HEIGHT, legend=True)
    figure.update_xaxes(
        title_text="pictures to learn from",
        type="log",
        tickvals=counts,
        ticktext=[f"{count:,}" for count in counts],
        fixedrange=True,
    )
    figure.update_yaxes(title_text=score if score is Score.LOG_LOSS else f"{score} (%)", fixedrange=True)
    return figure


def _shown(estimate: Estimate, score: Score) -> tuple[float, float, float]:
    """(low, value, high): per cent, or nats."""
    scale = 1 if score is Score.LOG_LOSS else 100
    return scale * estimate.low, scale * estimate.value, scale * estimate.high


def _whisker(low: float, value: float, high: float, color: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value],
        "arrayminus": [value - low],
        "color": color,
        "thickness": 2,
        "width": 6,
    }


def _times(seconds: Sequence[float]) -> dict[str, object]:
    """A logarithmic axis with ticks in words, and room at both ends."""
    if not seconds:
        return {"type": "log"}
    low, high = math.log10(min(seconds)), math.log10(max(seconds))
    room = max(0.15, (high - low) * 0.08)
    ticks = time_ticks(10 ** (low - room), 10 ** (high + room))
    return {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [time_words(tick) for tick in ticks],
        "range": [low - room, high + room],
    }


def _lay_out(figure: go.Figure, title: str, height: int, *, legend: bool = False) -> None:
    lines = len(figure.data) if legend else 0
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        height=height + 20 * lines,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        hovermode="closest",
        dragmode=False,
        showlegend=legend,
        legend={"orientation": "h", "y": -0.26, "yanchor": "top", "x": 0, "xanchor": "left"},
    )


def _label(name: str) -> str:
    return escaped(shortened(name, LONGEST_NAME))
