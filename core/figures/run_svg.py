"""The curves and the confusion matrix of a run as SVG that stands by itself, for other programs to show."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from core.figures.live_curves import number
from core.figures.names import shortened
from core.figures.palette import BLUE, VERMILLION, shade

WIDTH, HEIGHT, EDGE = 460, 260, 46  # pixels of one chart, and of the room for its axes
CELL, NAMES = 26, 110  # pixels
MOST_NUMBERS = 40  # classes up to which cells show their count
PARTS = (("train", "training", BLUE), ("valid", "validation", VERMILLION))

Record = Mapping[str, Any]


def curves_svg(records: Sequence[Record]) -> str:
    """Loss and accuracy over the epochs, training and validation."""
    loss = _chart(records, "loss", "Loss", lambda value: f"{value:.3g}", at_most=math.inf)
    accuracy = _chart(records, "accuracy", "Accuracy", lambda value: f"{value:.0%}", at_most=1.0)
    legend = "".join(
        f'<text x="{EDGE + 90 * place}" y="{HEIGHT + 18}" fill="{color}">{words}</text>'
        for place, (_, words, color) in enumerate(PARTS)
    )
    body = f'{loss}<g transform="translate({WIDTH} 0)">{accuracy}</g>{legend}'
    return _svg(2 * WIDTH, HEIGHT + 30, "Loss and accuracy", body)


def confusion_svg(confusion: np.ndarray, classes: Sequence[str]) -> str:
    """Counts `confusion` (K, K), row = true, column = predicted class; the colour is the share of the row."""
    k = len(classes)
    totals = confusion.sum(1)
    cells = []
    for row, column in np.argwhere(confusion).tolist():
        share, count = confusion[row, column] / totals[row], int(confusion[row, column])
        x, y = NAMES + CELL * column, NAMES + CELL * row
        words = f"true {classes[row]}, predicted {classes[column]}: {count:,}"
        fill = shade(BLUE, 0.9 * (1 - share))
        cells.append(
            f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{fill}">'
            f"<title>{escape(words)}</title></rect>"
        )
        if k <= MOST_NUMBERS:
            color = "#fff" if share > 0.4 else "#222"
            place = f'x="{x + CELL / 2:g}" y="{y + CELL / 2 + 4:g}"'
            cells.append(f'<text {place} text-anchor="middle" font-size="10" fill="{color}">{count}</text>')
    for index, name in enumerate(classes):
        middle = NAMES + CELL * index + CELL / 2
        label = escape(shortened(name, 14))
        cells.append(f'<text x="{NAMES - 8}" y="{middle + 4:g}" text-anchor="end">{label}</text>')
        cells.append(f'<text transform="translate({middle + 4:g} {NAMES - 8}) rotate(-90)">{label}</text>')
    side = NAMES + CELL * k + 10
    return _svg(side, side, "Confusion matrix: rows are true, columns predicted classes", "".join(cells))


def _chart(
    records: Sequence[Record], quantity: str, title: str, words: Callable[[float], str], *, at_most: float
) -> str:
    lines = {part: _points(records, f"{part}_{quantity}") for part, _, _ in PARTS}
    values = [value for line in lines.values() for _, value in line]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(0.05 * (high - low), 1e-3)
    low, high = max(0.0, low - room), min(at_most, high + room)
    last = max((epoch for line in lines.values() for epoch, _ in line), default=1)

    def x(epoch: float) -> float:
        return EDGE + (epoch - 1) / max(last - 1, 1) * (WIDTH - EDGE - 20)

    def y(value: float) -> float:
        return HEIGHT - EDGE + (value - low) / max(high - low, 1e-9) * (2 * EDGE - HEIGHT)

    drawn = [f'<text x="{EDGE}" y="20" font-weight="600">{title}</text>']
    for level in np.linspace(low, high, 5).tolist():
        drawn.append(
            f'<path d="M{EDGE} {y(level):.1f}H{WIDTH - 20}" stroke="#ddd"/>'
            f'<text x="{EDGE - 6}" y="{y(level) + 4:.1f}" text-anchor="end">{words(level)}</text>'
        )
    for epoch in sorted({1, (1 + last) // 2, last}):
        place = f'x="{x(epoch):.1f}" y="{HEIGHT - EDGE + 18}"'
        drawn.append(f'<text {place} text-anchor="middle">{epoch}</text>')
    drawn.append(f'<text x="{WIDTH - 20}" y="{HEIGHT - 8}" text-anchor="end">epoch</text>')
    for part, _, color in PARTS:
        places = " ".join(f"{x(epoch):.1f},{y(value):.1f}" for epoch, value in lines[part])
        drawn.append(f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="2"/>')
        drawn += [
            f'<circle cx="{x(epoch):.1f}" cy="{y(value):.1f}" r="2.5" fill="{color}"/>'
            for epoch, value in lines[part]
        ]
    return "".join(drawn)


def _points(records: Sequence[Record], key: str) -> list[tuple[int, float]]:
    """(epoch, value) of what is a finite number."""
    found = ((number(record.get("epoch")), number(record.get(key))) for record in records)
    return [(int(epoch), value) for epoch, value in found if epoch is not None and value is not None]


def _svg(width: int, height: int, title: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/>{body}</svg>'
    )
