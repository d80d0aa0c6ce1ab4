"""How a layer's output size comes about, in symbols and with the numbers of one input.

From PyTorch's documentation of Conv2d, ConvTranspose2d, MaxPool2d, AvgPool2d and AdaptiveAvgPool2d.
"""

from dataclasses import dataclass
from math import prod

from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.describe import layer_name
from core.layers.formula import Formula, exact, fraction, number, rounded, times
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.shapes import Shape, kind_of, shape_text
from core.layers.transposed import ConvTranspose2d, Spread
from core.layers.windows import Windows


@dataclass(frozen=True)
class _Axis:
    """What an axis is called: in words, as the letter of its size, by its pixels, and behind its settings."""

    quantity: str
    letter: str
    left: str
    pixel: str
    index: str = ""


LENGTH = _Axis("output length", "L", "L'", "step")
BOTH = _Axis("output height and width", "H", "H' = W'", "row and column")


def output_formulas(layer: Layer, input_shape: Shape) -> tuple[Formula, ...]:
    """The output's size: one formula where rows and columns have the same numbers, else height and width.

    Raises:
        LayerError: the layer can't be built on `input_shape`.
    """
    output = layer.output_shape(input_shape)
    match layer:
        case Conv1d() | MaxPool1d() | AvgPool1d():
            return (_windows_formula(layer.windows(input_shape), LENGTH, layer),)
        case Conv2d() | MaxPool2d() | AvgPool2d():
            rows, columns = layer.windows(input_shape)
            if rows == columns:
                return (_windows_formula(rows, BOTH, layer),)
            height, width = _axes(_settings(rows) != _settings(columns))
            return _windows_formula(rows, height, layer), _windows_formula(columns, width, layer)
        case ConvTranspose2d():
            down, along = layer.spreads(input_shape)
            if down == along:
                return (_spread_formula(down, BOTH),)
            height, width = _axes(_settings(down) != _settings(along))
            return _spread_formula(down, height), _spread_formula(along, width)
        case AdaptiveAvgPool1d():
            return (_adaptive_formula(input_shape[1], layer.output, LENGTH),)
        case AdaptiveAvgPool2d() | AdaptiveMaxPool2d():
            (height, width), asked = _axes(False), layer.output
            if input_shape[1] == input_shape[2] and asked[0] == asked[1]:
                return (_adaptive_formula(input_shape[1], asked[0], BOTH),)
            return (
                _adaptive_formula(input_shape[1], asked[0], height),
                _adaptive_formula(input_shape[2], asked[1], width),
            )
        case Flatten():
            return (_flatten_formula(input_shape),)
        case Linear():
            value = f"= {number(layer.out_features)}"
            note = "" if len(input_shape) == 1 else "Only the last axis changes."
            return (Formula("output features", "N' = N_{out}", (value,), note),)
    return (_unchanged_formula(layer, output),)


def _axes(indexed: bool) -> tuple[_Axis, _Axis]:
    """Height and width; `indexed` where their settings differ."""
    return (
        _Axis("output height", "H", "H'", "row", "_h" if indexed else ""),
        _Axis("output width", "W", "W'", "column", "_w" if indexed else ""),
    )


def _settings(axis: Windows | Spread) -> tuple[object, ...]:
    return tuple(value for name, value in vars(axis).items() if name != "size")


def _windows_formula(windows: Windows, axis: _Axis, layer: Layer) -> Formula:
    same = isinstance(layer, Conv1d | Conv2d) and layer.padding == "same"
    before, _ = windows.padding
    kernel, stride, dilation = windows.kernel, windows.stride, windows.dilation
    up, whole = windows.ceil_mode, windows.quotient.denominator == 1
    i = axis.index
    around = f"P{i}" if same else f"2p{i}"
    last = " - 1" if windows.dropped else ""
    padding = number(sum(windows.padding)) if same else times(2, before)
    if isinstance(layer, AvgPool1d | AvgPool2d):  # they have no dilation
        span, spanned = f"k{i}", str(kernel)
    else:
        span, spanned = f"d{i}(k{i} - 1) - 1", f"{times(dilation, f'({kernel} - 1)')} - 1"
    symbols = fraction(f"{axis.letter} + {around} - {span}", f"s{i}")
    taps = f"{number(windows.size)} + {padding} - {spanned}"
    room = fraction(number(windows.room), str(stride))
    steps = [
        f"= {rounded(fraction(taps, str(stride)), up=up)} + 1{last}",
        f"= {room if whole else rounded(room, up=up)} + 1{last}",
        *([] if whole else [f"= {rounded(exact(windows.quotient), up=up)} + 1{last}"]),
        f"= {windows.rounded} + 1{last}",
        f"= {number(windows.positions)}",
    ]
    return Formula(
        axis.quantity,
        f"{axis.left} = {rounded(symbols, up=up)} + 1{last}",
        tuple(steps),
        " ".join(filter(None, (_same_note(windows) if same else "", _windows_note(windows, axis.pixel)))),
    )


def _windows_note(windows: Windows, pixel: str) -> str:
    """What a window leaves out or reaches beyond, in words; `pixel` is "row", "column" or "step"."""
    notes, both = [], " and " in pixel
    if windows.dropped:
        notes.append(f"The last window would begin in the padding after the last {pixel}: it is dropped.")
    if windows.beyond:
        edge = "padding" if windows.padding[1] else "edge"
        notes.append(f"The last window reaches {_count(windows.beyond, pixel)} beyond the {edge}.")
    if windows.unseen_at_end:
        verb = _is(windows.unseen_at_end, both)
        notes.append(f"The last {_count(windows.unseen_at_end, pixel, one='')} {verb} never seen.")
    elif windows.quotient.denominator > 1 and not windows.ceil_mode:
        notes.append(f"Only padding is left over at the end: the last {pixel} {_is(1, both)} seen.")
    if windows.skipped:
        why = "between the windows" if windows.stride > windows.span else "by the holes of the dilated window"
        notes.append(f"{_count(windows.skipped, pixel)} {_is(windows.skipped, both)} skipped {why}.")
    return " ".join(notes)


def _same_note(windows: Windows) -> str:
    before, after = windows.padding
    split = "" if before == after else f", {before} before and {after} after"
    return (
        f'Padding "same" is P = d(k - 1) = {before + after} in all{split}, which keeps the size at stride 1.'
    )


def _spread_formula(spread: Spread, axis: _Axis) -> Formula:
    i = axis.index
    symbols = f"({axis.letter} - 1)s{i} - 2p{i} + d{i}(k{i} - 1) + p_{{out{i.replace('_', ',')}}} + 1"
    cut, extra = 2 * spread.padding, spread.output_padding
    numbers = (
        f"{times(f'({number(spread.size)} - 1)', spread.stride)} - {times(2, spread.padding)}"
        f" + {times(spread.dilation, f'({spread.kernel} - 1)')} + {extra} + 1"
    )
    note = f"The padding cuts {spread.padding} off each end of the {spread.full} made." if cut else ""
    return Formula(
        axis.quantity,
        f"{axis.left} = {symbols}",
        (
            f"= {numbers}",
            f"= {number(spread.steps)} - {cut} + {spread.span - 1} + {extra} + 1",
            f"= {number(spread.positions)}",
        ),
        note,
    )


def _adaptive_formula(size: int, asked: int | None, axis: _Axis) -> Formula:
    if asked is None:
        return Formula(
            axis.quantity, f"{axis.left} = {axis.letter}", (f"= {number(size)}",), "Kept as it is."
        )
    spans = {min(_adaptive_spans(size, asked)), max(_adaptive_spans(size, asked))}
    each = " to ".join(str(pixels) for pixels in sorted(spans))
    whole = _count(size, axis.pixel)
    note = f"Whatever the input, the output is {asked}: here each value sees {each} of {whole}."
    return Formula(axis.quantity, f"{axis.left} = {axis.letter}_{{out}}", (f"= {number(asked)}",), note)


def _adaptive_spans(size: int, asked: int) -> list[int]:
    """Pixels of each window: from floor(i size / asked) to ceil((i + 1) size / asked)."""
    return [-(-(i + 1) * size // asked) - i * size // asked for i in range(asked)]


def _flatten_formula(shape: Shape) -> Formula:
    product = times(*letters(len(shape)))
    steps = [f"= {times(*shape)}"] if len(shape) > 1 else []
    note = "A vector stays as it is." if len(shape) == 1 else ""
    return Formula("output features", f"N = {product}", (*steps, f"= {number(prod(shape))}"), note)


def _unchanged_formula(layer: Layer, output: Shape) -> Formula:
    before = letters(len(output))
    after = ", ".join(f"{letter}'" for letter in before)
    sides = ", ".join(number(side) for side in output)
    return Formula(
        "output size",
        f"({after}) = ({', '.join(before)})",
        (f"= ({sides})",),
        f"{layer_name(layer)} leaves the {kind_of(output)} {shape_text(output)} as large as it was.",
    )


def letters(axes: int) -> tuple[str, ...]:
    """What the sides of a shape are called in formulas: N, (C, L) or (C, H, W)."""
    known = {1: ("N",), 2: ("C", "L"), 3: ("C", "H", "W")}
    return known.get(axes) or tuple(f"D_{axis}" for axis in range(1, axes + 1))


def _count(count: int, pixel: str, one: str = "1 ") -> str:
    """ "1 row", "2 columns", "2 rows and 2 columns"; for one, `one` stands for the number."""
    words = pixel.split(" and ")
    return " and ".join(f"{one}{word}" if count == 1 else f"{count} {word}s" for word in words)


def _is(count: int, both: bool) -> str:
    return "is" if count == 1 and not both else "are"
