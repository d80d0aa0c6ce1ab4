"""A quantity of a layer while one of its arguments moves, as inline SVG; refused values are hatched."""

import json
from collections.abc import Sequence
from html import escape
from itertools import groupby
from math import floor, log10

from core.figures.svg import hatching, path, picture, rect, text
from core.figures.tracks import runs
from core.layers.shapes import shape_text
from core.layers.sweep import Quantity, SweepPoint

WIDTH, HEIGHT = 460, 270
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 32, 58
MOST_DOTS = 40
TICKS = 4


def sweep_figure(points: Sequence[SweepPoint], argument: str, quantity: Quantity, now: int) -> str:
    """The chart of `quantity` over the values of `points`, with the value `now` marked.

    `argument` is its name in words. Pointing at a value reads it out: assets/layer_picture.js.
    """
    chart = _Chart(points, quantity)
    title = f"{quantity[:1].upper()}{quantity[1:]} by {argument}"
    marked = next((point for point in points if point.value == now), None)
    body = (
        f"<defs>{hatching()}</defs>"
        + text("name", LEFT, 16, title)
        + chart.scale()
        + chart.refused()
        + rect("pointed", LEFT, TOP, 10, HEIGHT - TOP - BOTTOM, ' style="display:none"')
        + chart.lines()
        + (chart.mark(marked) if marked else "")
        + text("axis", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 26, argument, "middle")
        + text("words", WIDTH / 2, HEIGHT - 7, _reason(points), "middle")
    )
    readings = [
        [point.value, round(chart.x(point.value), 1), _reading(point, argument, quantity)] for point in points
    ]
    data = escape(json.dumps(readings, separators=(",", ":"), ensure_ascii=False), quote=True)
    attribute = f' data-pickable="" data-points="{data}"'
    return picture(WIDTH, HEIGHT, title, body, attribute)


class _Chart:
    """Where a value and a quantity stand in the drawing, and the parts that stand there."""

    def __init__(self, points: Sequence[SweepPoint], quantity: Quantity) -> None:
        self.points, self.quantity = points, quantity
        self.first, self.last = points[0].value, points[-1].value
        self.step = max(1, (self.last - self.first) // max(1, len(points) - 1))
        highest = max((max(numbers) for p in points if (numbers := p.quantity(quantity))), default=0)
        self.has_two_lines = any(len(p.quantity(quantity)) > 1 for p in points)
        self.tick = nice_step(highest / TICKS)
        self.top = self.tick * max(1, -(-highest // self.tick))

    def x(self, value: float) -> float:
        share = (value - self.first + self.step / 2) / (self.last - self.first + self.step)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, number: float) -> float:
        return HEIGHT - BOTTOM - number / self.top * (HEIGHT - TOP - BOTTOM)

    def scale(self) -> str:
        """Rules and numbers of both axes."""
        drawn = ""
        number = 0
        while number <= self.top:
            y = self.y(number)
            drawn += path("level", [(LEFT, y, WIDTH - LEFT - RIGHT, 0)])
            drawn += text("axis", LEFT - 8, y + 4, short_number(number), "end")
            number += self.tick
        step = nice_step((self.last - self.first) / 8)
        values = {self.first, *range(-(-self.first // step) * step, self.last + 1, step)}
        crowded = {value for value in values if value != self.first and value - self.first < step / 2}
        for value in sorted(values - crowded):
            drawn += text("axis", self.x(value), HEIGHT - BOTTOM + 16, str(value), "middle")
        return drawn

    def refused(self) -> str:
        """A hatched stretch wherever PyTorch would refuse the value."""
        places = runs({place for place, point in enumerate(self.points) if point.problem})
        half, height = self.step / 2, HEIGHT - TOP - BOTTOM
        stretches = []
        for start, length in places:
            left = self.x(self.points[start].value - half)
            right = self.x(self.points[start + length - 1].value + half)
            stretches.append((max(LEFT, left), TOP, min(WIDTH - RIGHT, right) - max(LEFT, left), height))
        return path("untouched", stretches)

    def lines(self) -> str:
        """Height in one line, and width in a dashed one where they differ."""
        drawn = ""
        for axis in range(2 if self.has_two_lines else 1):
            stretches = self._stretches(axis)
            strokes = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) for places in stretches)
            drawn += f'<path class="{"line second" if axis else "line"}" d="{strokes}"/>'
            dots = [place for places in stretches for place in places]
            if self.has_two_lines and dots:
                drawn += text("axis", dots[-1][0] - 4, dots[-1][1] - 8, ("height", "width")[axis], "end")
            if len(self.points) <= MOST_DOTS:
                drawn += "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in dots)
        return drawn

    def _stretches(self, axis: int) -> list[list[tuple[float, float]]]:
        """Places of neighbouring values that PyTorch takes."""
        found: list[list[tuple[float, float]]] = []
        for refused, group in groupby(self.points, lambda point: point.problem is not None):
            if not refused:
                numbers = [(point.value, point.quantity(self.quantity)) for point in group]
                found.append([(self.x(value), self.y(sides[axis % len(sides)])) for value, sides in numbers])
        return found

    def mark(self, point: SweepPoint) -> str:
        """A line through the present value, and its number."""
        x = self.x(point.value)
        drawn = rect("now", x - 0.75, TOP, 1.5, HEIGHT - TOP - BOTTOM)
        numbers = point.quantity(self.quantity)
        for number in numbers:
            drawn += f'<circle class="present" cx="{x:.1f}" cy="{self.y(number):.1f}" r="5"/>'
        words = " × ".join(f"{number:,}" for number in numbers) or "refused"
        side, aside = ("end", -9) if x > WIDTH / 2 else ("start", 9)
        above = max(TOP + 12, self.y(max(numbers)) - 9) if numbers else TOP + 16
        return drawn + text("now-words", x + aside, above, words, side)


def _reading(point: SweepPoint, argument: str, quantity: Quantity) -> str:
    if point.problem is not None:
        return f"{argument} {point.value}: {point.problem.problem}"
    words = f"{argument} {point.value}: output {shape_text(point.output)}"
    match quantity:
        case Quantity.PARAMETERS:
            return f"{words}, {point.parameters:,} parameters"
        case Quantity.MACS:
            return f"{words}, {point.macs:,} MACs"
        case _:
            return words


def _reason(points: Sequence[SweepPoint]) -> str:
    problems = list(dict.fromkeys(point.problem.problem for point in points if point.problem))
    if not problems:
        return "Point at a value to read it, press to take it."
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"Hatched: {problems[0].removesuffix('.')}{more}."


def nice_step(rough: float) -> int:
    """The next of 1, 2, 5, 10, 20 ... from `rough` on."""
    if rough <= 1:
        return 1
    power = 10 ** floor(log10(rough))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= rough)


def short_number(value: int) -> str:
    """1,200,000 as "1.2M"."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return str(value)
