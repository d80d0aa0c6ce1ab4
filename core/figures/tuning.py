"""The trials of a search as charts: the best so far, what belongs together, what matters, what it costs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.names import escaped
from core.figures.palette import BLUE, GREY, VERMILLION, line_style
from core.tuning.fields import label_of, value_words
from core.tuning.parameters import Choice, Parameter, Value

HEIGHT = 320  # pixels
AROUND, LEGEND_BELOW = 100, 60  # pixels of a height that its axes do not have, and from these to the legend
MOST_TICKS = 12  # one a trial, which a phone has room for
WORST_TO_BEST = [[0.0, VERMILLION], [0.5, GREY], [1.0, BLUE]]


@dataclass(frozen=True)
class Measure:
    """What trials are compared by; `is_share` of a number from 0 to 1 that is told in per cent."""

    name: str
    higher_is_better: bool
    is_share: bool

    @property
    def ticks(self) -> str:
        return ".0%" if self.is_share else ".3g"


@dataclass(frozen=True)
class Point:
    """One trial with a score: its number, seconds into the study at its end, and a word or two about it."""

    number: int
    seconds: float
    score: float
    words: str = ""
    early: bool = False


@dataclass(frozen=True)
class Axis:
    """One setting of all trials. `ticks` names the places of what is no number, or not evenly spread."""

    label: str
    places: Sequence[float | None]
    ticks: Sequence[tuple[float, str]] = ()


def best_so_far(points: Sequence[Point], higher_is_better: bool) -> list[float]:
    """The best score up to each point."""
    best: list[float] = []
    choose = max if higher_is_better else min
    for point in points:
        best.append(choose([*best[-1:], point.score]))
    return best


def progress_figure(points: Sequence[Point], measure: Measure, *, over_time: bool) -> go.Figure:
    """Every trial as a dot and the best so far as a line, over the trials' ends or their numbers."""
    points = sorted(points, key=lambda point: point.seconds)
    places = [point.seconds / 60 if over_time else place for place, point in enumerate(points, 1)]
    figure = go.Figure()
    for early, name, color, symbol in (
        (False, "finished", BLUE, "circle"),
        (True, "stopped early", GREY, "x"),
    ):
        chosen = [place for place, point in enumerate(points) if point.early is early]
        figure.add_scatter(
            x=[places[place] for place in chosen],
            y=[points[place].score for place in chosen],
            name=name,
            mode="markers",
            marker={"color": color, "size": 9, "symbol": symbol},
            hovertext=[f"trial {points[p].number}<br>{escaped(points[p].words)}" for p in chosen],
            hoverinfo="text+y",
        )
    figure.add_scatter(
        x=places,
        y=best_so_far(points, measure.higher_is_better),
        name="best so far",
        mode="lines",
        line={"color": VERMILLION, "width": 2.5, "shape": "hv"},
        hoverinfo="skip",
    )
    _lay_out(figure, f"Best {measure.name} so far", legend=True)
    if over_time:
        figure.update_xaxes(title_text="minutes")
    else:
        _count_trials(figure, len(points))
    figure.update_yaxes(title_text=measure.name, tickformat=measure.ticks)
    return figure


def parallel_figure(axes: Sequence[Axis], scores: Sequence[float], measure: Measure) -> go.Figure:
    """A line a trial through its settings to its score, coloured by the score; axes can be dragged."""
    dimensions = [
        {
            "label": axis.label,
            "values": [_low(axis) if place is None else place for place in axis.places],
            **(
                {"tickvals": [t for t, _ in axis.ticks], "ticktext": [words for _, words in axis.ticks]}
                if axis.ticks
                else {}
            ),
        }
        for axis in axes
    ]
    dimensions.append({"label": measure.name, "values": list(scores), "tickformat": measure.ticks})
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={"color": list(scores), "colorscale": WORST_TO_BEST},
            labelangle=-18,
            labelside="top",
        )
    )
    figure.update_layout(
        title={
            "text": "Every trial, from orange (worst) to blue (best)",
            "x": 0,
            "y": 0.98,
            "yanchor": "top",
        },
        height=HEIGHT + 60,
        margin={"l": 70, "r": 50, "t": 110, "b": 20},
    )
    return figure


def axis_of(parameter: Parameter, values: Sequence[Value | None]) -> Axis:
    """The axis of one setting, with its value in each trial; None where it didn't matter. A range that is
    spread by orders of magnitude is drawn so."""
    if isinstance(parameter, Choice):
        ticks = [(float(place), value_words(value)) for place, value in enumerate(parameter.values)]
        places = [None if value is None else float(parameter.values.index(value)) for value in values]
        missing = -1.0
    else:
        scale: Callable[[float], float] = math.log10 if parameter.log else float
        places = [None if value is None else scale(float(value)) for value in values]
        low, high = scale(parameter.low), scale(parameter.high)
        inner = range(math.floor(low) + 1, math.ceil(high)) if parameter.log else ()
        ends = [(low, f"{parameter.low:g}"), (high, f"{parameter.high:g}")]
        ticks = sorted([*ends, *((float(power), f"{10.0**power:g}") for power in inner)])
        missing = low - 0.2 * (high - low)
        if None not in places and not parameter.log:
            ticks = []  # evenly spread numbers name themselves
    return Axis(label_of(parameter.name), places, [(missing, "–"), *ticks] if None in places else ticks)


def _low(axis: Axis) -> float:
    """Where a setting that doesn't matter in a trial is drawn: the place that `ticks` calls "–"."""
    return next((place for place, words in axis.ticks if words == "–"), 0.0)


def importance_figure(shares: Sequence[tuple[str, float]]) -> go.Figure:
    """Bars, the most important setting on top; the colour says which way the objective goes with it."""
    ordered = sorted(shares, key=lambda pair: abs(pair[1]))
    figure = go.Figure()
    for rising, name, color in ((True, "rises with it", BLUE), (False, "falls with it", VERMILLION)):
        chosen = [(label, abs(share)) for label, share in ordered if (share >= 0) is rising]
        figure.add_bar(
            y=[escaped(label) for label, _ in chosen],
            x=[share for _, share in chosen],
            name=name,
            orientation="h",
            marker={"color": color},
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    _lay_out(figure, "What matters", height=130 + 34 * len(ordered), legend=True)
    figure.update_xaxes(title_text="share of what moves the objective", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(categoryorder="array", categoryarray=[escaped(label) for label, _ in ordered])
    return figure


def slice_figure(
    label: str, points: Sequence[tuple[object, float, float]], measure: Measure, *, log: bool
) -> go.Figure:
    """What is expected as one setting moves: the mean, and between what it lies with a certainty of 95 %."""
    x = [str(value) if isinstance(value, str | bool) else value for value, _, _ in points]
    means = [mean for _, mean, _ in points]
    is_named = any(isinstance(value, str) for value in x)
    figure = go.Figure()
    if is_named:
        figure.add_scatter(
            x=x,
            y=means,
            mode="markers",
            marker={"color": BLUE, "size": 10},
            error_y={"array": [1.96 * error for _, _, error in points], "color": BLUE},
        )
    else:
        low, high = ([mean + sign * 1.96 * error for _, mean, error in points] for sign in (-1, 1))
        band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(x=x, y=low, **band)
        figure.add_scatter(x=x, y=high, fill="tonexty", fillcolor="rgba(86, 180, 233, 0.3)", **band)
        figure.add_scatter(x=x, y=means, mode="lines", line={"color": BLUE, "width": 2.5})
    _lay_out(figure, f"{label}: expected {measure.name}", height=HEIGHT - 40)
    figure.update_xaxes(title_text=label, type="log" if log and not is_named else None, exponentformat="e")
    figure.update_yaxes(title_text=measure.name, tickformat=measure.ticks)
    return figure


def pareto_figure(
    points: Sequence[tuple[int, float, float]], front: Sequence[int], measure: Measure
) -> go.Figure:
    """Trials (number, milliseconds a picture, score), and as a line those that no other beats in both."""
    on_front = sorted((each for each in points if each[0] in front), key=lambda each: each[1])
    others = [each for each in points if each[0] not in front]
    figure = go.Figure()
    for chosen, name, color, mode in (
        (others, "beaten by another", GREY, "markers"),
        (on_front, "best for its speed", VERMILLION, "lines+markers"),
    ):
        figure.add_scatter(
            x=[milliseconds for _, milliseconds, _ in chosen],
            y=[score for _, _, score in chosen],
            name=name,
            mode=mode,
            line={"color": color, "shape": "hv"},
            marker={"color": color, "size": 9},
            hovertext=[f"trial {number}" for number, _, _ in chosen],
            hoverinfo="text+x+y",
        )
    _lay_out(figure, "Pareto front: score against speed", legend=True)
    figure.update_xaxes(title_text="milliseconds a picture at prediction, on one core")
    figure.update_yaxes(title_text=measure.name, tickformat=measure.ticks)
    return figure


def methods_figure(studies: Sequence[tuple[str, Sequence[Point]]], measure: Measure) -> go.Figure:
    """The best so far of several studies of the same space, each as far as it went."""
    figure = go.Figure()
    for position, (name, points) in enumerate(studies):
        ordered = sorted(points, key=lambda point: point.seconds)
        color, dash = line_style(position)
        figure.add_scatter(
            x=list(range(1, len(ordered) + 1)),
            y=best_so_far(ordered, measure.higher_is_better),
            name=escaped(name),
            mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": dash, "shape": "hv"},
            marker={"size": 5},
        )
    _lay_out(figure, f"Best {measure.name} so far, trial by trial", legend=True)
    _count_trials(figure, max((len(points) for _, points in studies), default=0))
    figure.update_yaxes(title_text=measure.name, tickformat=measure.ticks)
    return figure


def _count_trials(figure: go.Figure, most: int) -> None:
    """The axis of trials by the order of their ends, with ticks at whole numbers also where there are few."""
    figure.update_xaxes(title_text="trials that have ended", dtick=1 if most <= MOST_TICKS else None)


def _lay_out(figure: go.Figure, title: str, *, height: int = HEIGHT, legend: bool = False) -> None:
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        height=height + (30 if legend else 0),
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        hovermode="closest",
        dragmode=False,
        showlegend=legend,
        legend={
            "orientation": "h",
            "y": -LEGEND_BELOW / (height - AROUND),
            "yanchor": "top",
            "x": 0,
            "xanchor": "left",
        },
    )
    figure.update_xaxes(fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, automargin=True, zeroline=False)
