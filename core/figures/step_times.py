"""What a learning step takes in each way that was measured, as horizontal bars in Vega-Lite."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.figures.live_curves import Spec, chart_title, number
from core.figures.palette import BLUE, GREY

BAR, AXIS = 34, 84  # pixels: a bar with its gap; title and axis


def step_times_spec(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """A chart of `step_times_rows(milliseconds, chosen)`."""
    longest = max((row["milliseconds"] for row in rows), default=1.0)
    y = {"field": "way", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 220}}
    x = {
        "field": "milliseconds",
        "type": "quantitative",
        "title": "milliseconds",
        "scale": {"domain": [0, 1.2 * longest], "nice": False},  # the last number stands beside its bar
        "axis": {"tickCount": 5, "labelBound": True},
    }
    color = {"condition": {"test": "datum.chosen", "value": BLUE}, "value": GREY}
    return {
        "height": AXIS + BAR * max(len(rows), 1),
        "title": chart_title("A learning step, as measured (blue: taken)"),
        "encoding": {"y": y, "x": x},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {
                    "color": color,
                    "tooltip": [
                        {"field": "way", "type": "nominal"},
                        {"field": "milliseconds", "type": "quantitative", "format": ".4~g"},
                    ],
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "color": GREY, "fontWeight": 600},
                "encoding": {"text": {"field": "milliseconds", "format": ".3~g"}},
            },
        ],
    }


def step_times_rows(milliseconds: Mapping[str, Any], chosen: str) -> list[dict[str, Any]]:
    """A row a way: `way`, `milliseconds`, and whether it is the `chosen` one; only finite numbers."""
    times = {way: number(value) for way, value in milliseconds.items()}
    return [
        {"way": way, "milliseconds": time, "chosen": way == chosen}
        for way, time in times.items()
        if time is not None
    ]
