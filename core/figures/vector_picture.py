"""Layers without a window, as inline SVG: a linear layer, flattening, batch normalization."""

from math import exp

from core.figures.svg import number, path, picture, rect, text
from core.layers.batch_norm import BatchNorm2d
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.shapes import Shape, shape_text

WIDTH, HEIGHT = 520, 250
MOST_DOTS = 9  # in a column; of more, the middle ones are left out
MOST_MAPS = 4
CURVE = 160  # width of a bell curve


def vector_picture(layer: Layer, input_shape: Shape) -> str:
    """The picture of a Linear, Flatten or BatchNorm2d layer; "" for any other."""
    match layer:
        case Linear():
            return _linear(layer.in_features, layer.out_features)
        case Flatten() if len(input_shape) == 3:
            return _flatten(*input_shape)
        case BatchNorm2d():
            return _batch_norm(layer)
        case _:
            return ""


def _linear(inputs: int, outputs: int) -> str:
    """Lines from every input to every output; those into the first output are its weights."""
    left, right = 120.0, 400.0
    sources, targets = _column(inputs), _column(outputs)
    lines = "".join(
        f"M{left} {number(y)}L{right} {number(end)}" for y in sources for end in targets[1:] or targets
    )
    first = "".join(f"M{left} {number(y)}L{right} {number(targets[0])}" for y in sources)
    body = f'<path class="wires" d="{lines}"/><path class="rays" d="{first}"/>'
    for x, places, kind, total in ((left, sources, "pixels", inputs), (right, targets, "result", outputs)):
        body += "".join(f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="8"/>' for y in places)
        if total > MOST_DOTS:
            body += text("name", x, HEIGHT / 2 + 14, "⋮", "middle")
    body += f'<circle class="cell" cx="{number(right)}" cy="{number(targets[0])}" r="8"/>'
    body += text("name", left, 15, f"input {inputs:,}", "middle") + text(
        "name", right, 15, f"output {outputs:,}", "middle"
    )
    body += text(
        "words", WIDTH / 2, HEIGHT - 6, f"One output has a weight for each of {inputs:,} inputs.", "middle"
    )
    return picture(WIDTH, HEIGHT, f"From {inputs} inputs to {outputs} outputs", body)


def _column(total: int) -> list[float]:
    """Heights of the dots: all of them, or two groups with a gap between."""
    shown = min(total, MOST_DOTS - 1 if total > MOST_DOTS else MOST_DOTS)
    places = range(shown) if total <= MOST_DOTS else [i + (i >= shown // 2) for i in range(shown)]
    rows = MOST_DOTS if total > MOST_DOTS else shown
    return [26 + (HEIGHT - 52) * (place + 0.5) / rows for place in places]


def _flatten(channels: int, height: int, width: int) -> str:
    """Maps behind each other, and below the row that they make, a part for each map."""
    shown = min(channels, MOST_MAPS)
    scale = min(110 / max(height, width), 12.0)
    body = text("name", 20, 15, f"input {shape_text((channels, height, width))}")
    for place in reversed(range(shown)):
        x, y = 20 + place * 26, 28 + place * 9
        body += rect(f"map tone{place}", x, y, width * scale, height * scale)
    if channels > shown:
        body += text("name", 20 + shown * 26 + width * scale, 40 + shown * 9, f"… {channels} maps")
    total = channels * height * width
    strip, top = WIDTH - 40, 196
    part = strip / channels
    for place in range(shown):
        body += rect(f"map tone{place}", 20 + place * part, top, part, 18)
    if channels > shown:
        body += rect("pixels", 20 + shown * part, top, strip - shown * part, 18)
    body += text("name", 20, top - 10, f"output {total:,}")
    words = f"{height * width:,} values of one map, row after row, then those of the next."
    body += text("words", WIDTH / 2, HEIGHT - 8, words, "middle")
    return picture(WIDTH, HEIGHT, f"{shape_text((channels, height, width))} laid in a row of {total}", body)


def _batch_norm(layer: BatchNorm2d) -> str:
    """The values of one channel before and after."""
    body = text("name", 40, 15, "one channel before") + text("name", 320, 15, "after")
    for left, middle, spread, kind in ((40, 104, 24, "pixels"), (320, 80, 17, "result")):
        heights = [exp(-(((x - middle) / spread) ** 2) / 2) * 2500 / spread for x in range(CURVE + 1)]
        points = "L".join(f"{left + x} {number(200 - y)}" for x, y in enumerate(heights) if x % 4 == 0)
        body += f'<path class="{kind}" d="M{left} 200L{points}L{left + CURVE} 200z"/>'
        body += path("level", [(left, 200, CURVE, 0)])
        body += rect("now", left + 80 - 0.75, 40, 1.5, 160)
        body += text("axis", left + 80, 216, "0", "middle")
    body += '<path class="rays" d="M212 130H308M300 124L308 130L300 136"/>'
    body += text("axis", 260, 118, "(x − mean) / √variance", "middle")
    rest = f"then × γ + β: {2 * layer.channels:,} parameters" if layer.affine else "nothing is learned"
    body += text("words", WIDTH / 2, HEIGHT - 6, f"To mean 0 and variance 1, {rest}.", "middle")
    return picture(WIDTH, HEIGHT, f"{layer.channels} channels brought to mean 0 and variance 1", body)
