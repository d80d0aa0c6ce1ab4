"""The charts of a comparison as SVG that stands by itself, for a report."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from core.comparison.intervals import Estimate
from core.comparison.learning_curve import CurvePoint
from core.comparison.scores import Score
from core.comparison.table import ComparisonTable
from core.comparison.words import interval_words, score_words, time_words
from core.figures.names import shortened
from core.figures.palette import line_style
from core.figures.time_ticks import time_ticks

WIDTH, HEIGHT_PER_RUN, NAMES = 760, 30, 270  # pixels; `NAMES` is the room of the names on the left
PLOT, BELOW, ABOVE, AXIS = 300, 34, 30, 64
TICKS = 5
ROUND = (1, 2, 5, 10)
LONGEST_NAME = 40


@dataclass(frozen=True)
class _Scale:
    """From a value to a place in pixels, linear between two ends."""

    low: float
    high: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)

    def ticks(self) -> list[float]:
        """Round values between the ends, about `TICKS` of them."""
        wanted = (self.high - self.low) / TICKS
        size = 10.0 ** math.floor(math.log10(wanted))
        step = next(size * each for each in ROUND if size * each >= wanted)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def report_charts(table: ComparisonTable, curve: Sequence[CurvePoint] = ()) -> list[str]:
    """Every score with its intervals, accuracy against time, and the learning curve if there is one."""
    return [
        *(dots_svg([(row.name, row.scores[score]) for row in table.rows], score) for score in Score),
        scatter_svg([(row.name, row.costs.seconds, row.scores[Score.ACCURACY]) for row in table.rows]),
        *([lines_svg(curve, Score.ACCURACY)] if curve else []),
    ]


def dots_svg(runs: Sequence[tuple[str, Estimate]], score: Score) -> str:
    """A dot with its interval a run, under the name of the score."""
    height = ABOVE + HEIGHT_PER_RUN * len(runs) + BELOW
    x = _scale_of([estimate for _, estimate in runs], score, NAMES, WIDTH - 20)
    drawn = [_ruled(x, x.ticks(), len(runs) * HEIGHT_PER_RUN, lambda value: score_words(score, value))]
    for position, (name, estimate) in enumerate(runs):
        y, color = ABOVE + HEIGHT_PER_RUN * (position + 0.5), line_style(position)[0]
        drawn += [
            _text(NAMES - 12, y + 4, shortened(name, LONGEST_NAME), "end"),
            _line(x(estimate.low), y, x(estimate.high), y, color, 2),
            _dot(x(estimate.value), y, color, f"{name}: {interval_words(score, estimate)}"),
        ]
    return _svg(height, f"{score[:1].upper()}{score[1:]}", drawn)


def scatter_svg(runs: Sequence[tuple[str, float | None, Estimate]]) -> str:
    """Accuracy against seconds to train, on a logarithmic axis; without those that don't tell their time."""
    timed = [(name, math.log10(seconds), estimate) for name, seconds, estimate in runs if seconds]
    if not timed:
        return ""
    logs = [log for _, log, _ in timed]
    y = _scale_of([estimate for *_, estimate in timed], Score.ACCURACY, ABOVE + PLOT, ABOVE)
    x = _Scale(min(logs) - 0.2, max(logs) + 0.2, AXIS, WIDTH - 20)
    marks = [math.log10(tick) for tick in time_ticks(10**x.low, 10**x.high)]
    drawn = [_ruled(x, marks, PLOT, lambda log: time_words(10**log)), _levels(y, Score.ACCURACY)]
    for position, (name, log, estimate) in enumerate(timed):
        color, _ = line_style(position)
        drawn += [
            _line(x(log), y(estimate.low), x(log), y(estimate.high), color, 2),
            _dot(x(log), y(estimate.value), color, f"{name}: {interval_words(Score.ACCURACY, estimate)}"),
        ]
    drawn += _legend([name for name, *_ in timed])
    return _svg(ABOVE + PLOT + BELOW + 20 * len(timed), "Accuracy against time to train", drawn)


def lines_svg(points: Sequence[CurvePoint], score: Score) -> str:
    """A line a route over the number of training pictures, on a logarithmic axis."""
    routes = list(dict.fromkeys(point.route for point in points))
    logs = [math.log10(point.pictures) for point in points]
    y = _scale_of([point.scores[score] for point in points], score, ABOVE + PLOT, ABOVE)
    x = _Scale(min(logs) - 0.05, max(logs) + 0.05, AXIS, WIDTH - 20)
    drawn = [_levels(y, score)]
    for count in sorted({point.pictures for point in points}):
        drawn.append(_text(x(math.log10(count)), ABOVE + PLOT + 18, f"{count:,}", "middle"))
    for position, route in enumerate(routes):
        color = line_style(position)[0]
        line = sorted((point for point in points if point.route == route), key=lambda point: point.pictures)
        places = [(x(math.log10(point.pictures)), y(point.scores[score].value)) for point in line]
        steps = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        drawn.append(f'<polyline points="{steps}" fill="none" stroke="{color}" stroke-width="2"/>')
        for point, (left, top) in zip(line, places, strict=True):
            estimate = point.scores[score]
            drawn += [
                _line(left, y(estimate.low), left, y(estimate.high), color, 1.2),
                _dot(left, top, color, f"{route}: {interval_words(score, estimate)}"),
            ]
    drawn += _legend(routes)
    title = f"{score[:1].upper()}{score[1:]} by the number of training pictures"
    return _svg(ABOVE + PLOT + BELOW + 20 * len(routes), title, drawn)


def _scale_of(estimates: Sequence[Estimate], score: Score, first: float, last: float) -> _Scale:
    """Room for all intervals, and a little more where they allow it."""
    low, high = min(each.low for each in estimates), max(each.high for each in estimates)
    room = max(0.05 * (high - low), 0.005)
    highest = math.inf if score is Score.LOG_LOSS else 1.0
    return _Scale(max(0.0, low - room), max(min(highest, high + room), low + 0.01), first, last)


def _ruled(x: _Scale, values: Sequence[float], height: float, words: Callable[[float], str]) -> str:
    """Upright rules at `values`, in words below."""
    return "".join(
        _line(x(value), ABOVE, x(value), ABOVE + height, "#8884", 1)
        + _text(x(value), ABOVE + height + 18, words(value), "middle")
        for value in values
    )


def _levels(y: _Scale, score: Score) -> str:
    return "".join(
        _line(AXIS, y(value), WIDTH - 20, y(value), "#8884", 1)
        + _text(AXIS - 8, y(value) + 4, score_words(score, value), "end")
        for value in y.ticks()
    )


def _legend(names: Sequence[str]) -> list[str]:
    top = ABOVE + PLOT + BELOW + 8
    return [
        _dot(AXIS, top + 20 * position, line_style(position)[0], name)
        + _text(AXIS + 14, top + 20 * position + 4, shortened(name, LONGEST_NAME), "start")
        for position, name in enumerate(names)
    ]


def _svg(height: float, title: str, drawn: Sequence[str]) -> str:
    heading = f'<text x="0" y="16" font-weight="600">{escape(title)}</text>'
    return (
        f'<svg role="img" aria-label="{escape(title, quote=True)}" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}">{heading}{"".join(drawn)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, color: str, width: float) -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width}"/>'


def _dot(x: float, y: float, color: str, words: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{color}"><title>{escape(words)}</title></circle>'
