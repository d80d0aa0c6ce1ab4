"""What is behind the learning curves, an epoch at a time, as Vega-Lite that grows as they do.

Where the time goes, how long the gradients are, and learning rate, memory and speed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.figures.live_curves import Record, Spec, chart_title, epoch_axis, number
from core.figures.palette import BLUE, GREEN, GREY, LINES, ORANGE, PURPLE, SKY_BLUE, VERMILLION, shade

TALL, SHORT = 436, 210  # pixels, axes and titles included
LABELS = "datum.value === 0 ? '0' : datum.label"  # before the first point Vega makes NaN or 0.000000 of it
MOST_BARS = 120  # of several epochs each where there are more
REST = "rest"
PHASES = {
    "data": shade(ORANGE, -0.1),
    "forward": BLUE,
    "backward": SKY_BLUE,
    "update": GREEN,
    "validation": VERMILLION,
    REST: GREY,
}


@dataclass(frozen=True)
class Quantity:
    """One number of each epoch: its key in the record, and how a chart says it."""

    key: str
    title: str  # with its unit
    color: str
    tick_format: str
    number_format: str


SPEED = Quantity("pictures_per_second", "Pictures a second", BLUE, "~s", ",.0f")
MEMORY = Quantity("memory", "Peak memory, bytes", PURPLE, "~s", ",.4s")
GRADIENT = Quantity("gradient_norm", "Gradient norm", GREEN, "~g", ".4~g")
LEARNING_RATE = Quantity("learning_rate", "Learning rate", LINES[4], "~g", ".4~g")
QUANTITIES = (SPEED, MEMORY, GRADIENT, LEARNING_RATE)


def time_spec(epochs: int) -> Spec:
    """A chart of `time_rows(records, epochs)`: a bar an epoch, its parts one over the other."""
    order = list(PHASES)
    several = bar_width(epochs)
    mean = f", means of {several} epochs" if several > 1 else ""
    return {
        "height": TALL,
        "title": chart_title(f"Seconds of an epoch{mean}"),
        "mark": {"type": "rect", "clip": True},
        "encoding": {
            "x": {**epoch_axis(epochs), "field": "left"},
            "x2": {"field": "right"},
            "y": {
                "field": "below",
                "type": "quantitative",
                "title": "seconds",
                "scale": {"zero": True, "nice": True},
                "axis": {"tickCount": 6, "labelExpr": LABELS},
            },
            "y2": {"field": "above"},
            "color": {
                "field": "part",
                "type": "nominal",
                "title": None,
                "scale": {"domain": order, "range": list(PHASES.values())},
                "legend": {"orient": "top", "offset": 0, "columns": 3, "symbolType": "square"},
            },
            "tooltip": [
                {"field": "epoch", "type": "nominal"},
                {"field": "part", "type": "nominal"},
                {"field": "seconds", "type": "quantitative", "format": ".3~g"},
                {"field": "share", "type": "quantitative", "format": ".0%", "title": "share of the epoch"},
            ],
        },
    }


def time_rows(records: Sequence[Record], epochs: int) -> list[dict[str, Any]]:
    """A row a part of a bar, from `below` to `above` seconds; epochs without phases have no bar.

    What is in none of the phases is the `REST`.
    """
    several = bar_width(epochs)
    bars: dict[int, list[dict[str, float]]] = {}
    for record in records:
        epoch, parts = number(record.get("epoch")), _parts(record)
        if epoch is not None and parts:
            bars.setdefault((int(epoch) - 1) // several, []).append(parts)
    return [row for place, together in bars.items() for row in _bar(place, several, together)]


def has_times(records: Sequence[Record]) -> bool:
    """Whether any epoch says where its time went."""
    return any(number(record.get("epoch")) is not None and _parts(record) for record in records)


def quantity_spec(quantity: Quantity, epochs: int, *, bound: float | None = None) -> Spec:
    """A chart of `quantity_rows(records, quantity)`, with a dashed line at `bound` if there is one."""
    y = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"zero": True, "nice": True},
        "axis": {"format": quantity.tick_format, "tickCount": 3, "labelExpr": LABELS},
    }
    shown = {"field": "value", "type": "quantitative", "title": quantity.title.lower()}
    tooltip = [
        {"field": "epoch", "type": "quantitative", "format": "d"},
        {**shown, "format": quantity.number_format},
    ]
    dots = {"filled": True, "size": 40 if epochs <= 40 else 10, "color": quantity.color}
    line = {
        "mark": {"type": "line", "strokeWidth": 2.5, "color": quantity.color, "point": dots},
        "encoding": {"x": epoch_axis(epochs), "y": y, "tooltip": tooltip},
    }
    rule = {
        "mark": {"type": "rule", "strokeDash": [6, 4], "color": VERMILLION, "strokeWidth": 1.5},
        "encoding": {"y": {"datum": bound}},
    }
    clipped = "" if bound is None else f", clip at {bound:g}"
    return {
        "height": SHORT,
        "title": chart_title(quantity.title + clipped),
        "layer": [line] if bound is None else [line, rule],
    }


def quantity_rows(records: Sequence[Record], quantity: Quantity) -> list[dict[str, Any]]:
    """A row an epoch: `epoch` and `value`. What is not a finite number has no row."""
    pairs = ((number(record.get("epoch")), number(record.get(quantity.key))) for record in records)
    return [
        {"epoch": int(epoch), "value": value}
        for epoch, value in pairs
        if epoch is not None and value is not None
    ]


def bar_width(epochs: int) -> int:
    """How many epochs share a bar, so that no more than `MOST_BARS` stand side by side."""
    return max(1, math.ceil(epochs / MOST_BARS))


def _parts(record: Record) -> dict[str, float]:
    """Seconds of each phase and of the rest; empty where the record doesn't say."""
    phases, total = record.get("phases"), number(record.get("seconds"))
    if not isinstance(phases, dict):
        return {}
    known = {name: seconds for name in PHASES if (seconds := number(phases.get(name))) is not None}
    if known and total is not None:
        known[REST] = max(0.0, total - sum(known.values()))
    return known


def _bar(place: int, several: int, together: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    first, last = place * several + 1, (place + 1) * several
    means = {name: sum(parts.get(name, 0.0) for parts in together) / len(together) for name in PHASES}
    total, above, rows = sum(means.values()), 0.0, []
    gap = 0.1 * several
    for name, seconds in means.items():
        below, above = above, above + seconds
        rows.append(
            {
                "epoch": str(first) if several == 1 else f"{first} to {last}",
                "part": name,
                "left": first - 0.5 + gap,
                "right": last + 0.5 - gap,
                "below": below,
                "above": above,
                "seconds": seconds,
                "share": seconds / total if total else 0.0,
            }
        )
    return rows
