"""The learning curves of one run as Vega-Lite: Streamlit draws new data into the chart that stands.

A Plotly chart is mounted anew at each change, and is gone for a moment; this one only grows.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from core.figures.palette import BLUE, VERMILLION

HEIGHT = 320  # pixels
PARTS = {"train": "training", "valid": "validation"}

Spec = dict[str, Any]
Record = Mapping[str, Any]


def loss_spec(epochs: int) -> Spec:
    """A chart of `curve_rows(records, "loss")` on an axis of `epochs` that the curves grow into."""
    return _spec("Loss", "mean loss a picture", epochs, {"zero": True}, tick_format="", number_format=".4f")


def accuracy_spec(epochs: int) -> Spec:
    """A chart of `curve_rows(records, "accuracy")`."""
    scale = {"zero": False, "domainMax": 1}
    return _spec("Accuracy", "share of pictures", epochs, scale, tick_format=".2~%", number_format=".1%")


def curve_rows(records: Sequence[Record], quantity: str) -> list[dict[str, Any]]:
    """A row a point: `epoch`, `part` ("training" or "validation"), `value`, and whether it is the `best`.

    `quantity` is "loss" or "accuracy". What is not a finite number has no row.
    """
    best = best_epoch(records)
    rows = []
    for record in records:
        for part, words in PARTS.items():
            epoch, value = number(record.get("epoch")), number(record.get(f"{part}_{quantity}"))
            if epoch is not None and value is not None:
                is_best = part == "valid" and record is best
                rows.append({"epoch": int(epoch), "part": words, "value": value, "best": is_best})
    return rows


def best_epoch(records: Sequence[Record]) -> Record | None:
    """The record of the last epoch that was a new best; None before the first."""
    numbered = (record for record in reversed(records) if number(record.get("epoch")) is not None)
    return next((record for record in numbered if record.get("is_best")), None)


def number(value: Any) -> float | None:
    """`value` if it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def epoch_axis(epochs: int) -> Spec:
    """An axis of `epochs` that a chart grows into."""
    return {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "scale": {"domain": [0.5, max(epochs, 1) + 0.5], "nice": False},
        "axis": {"format": "d", "tickMinStep": 1, "grid": False},
    }


def chart_title(text: str) -> Spec:
    """A title at the left edge."""
    return {"text": text, "anchor": "start", "offset": 6}


def _spec(title: str, unit: str, epochs: int, scale: Spec, *, tick_format: str, number_format: str) -> Spec:
    y = {
        "field": "value",
        "type": "quantitative",
        "title": unit,
        "scale": {"nice": True, **scale},
        "axis": {"format": tick_format, "tickCount": 5},
    }
    color = {
        "field": "part",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(PARTS.values()), "range": [BLUE, VERMILLION]},
        "legend": {"orient": "top", "offset": 0, "symbolType": "stroke", "symbolStrokeWidth": 3},
    }
    tooltip = [
        {"field": "epoch", "type": "quantitative", "format": "d"},
        {"field": "part", "type": "nominal", "title": "pictures"},
        {"field": "value", "type": "quantitative", "format": number_format, "title": title.lower()},
    ]
    dots = {"filled": True, "size": 45 if epochs <= 40 else 12}
    ring = {
        "type": "point",
        "filled": False,
        "size": 230,
        "strokeWidth": 2.5,
        "color": VERMILLION,
        "opacity": 1,
    }
    return {
        "height": HEIGHT,
        "title": chart_title(f"{title} (best epoch circled)"),
        "encoding": {"x": epoch_axis(epochs), "y": y, "tooltip": tooltip},
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2.5, "point": dots}, "encoding": {"color": color}},
            {"transform": [{"filter": "datum.best"}], "mark": ring},
        ],
    }
