"""A layer's parameters and multiply-accumulates as formulas; those of its output size come along.

Each is written in symbols and step by step with the layer's own numbers.
"""

from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.describe import layer_name
from core.layers.formula import Formula, fraction, number, times
from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.output_formulas import letters, output_formulas
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d

__all__ = ["Formula", "macs_formula", "output_formulas", "parameter_formula", "parameter_text"]


def parameter_formula(layer: Layer) -> Formula:
    """Learnable numbers: weights, then biases."""
    total = f"= {number(layer.parameters)}"
    match layer:
        case Conv1d() | Conv2d() | ConvTranspose2d():
            ahead, inside, rest = _filters(layer)
            biases = layer.out_channels if layer.bias else 0
            symbols = rf"{ahead[0]} \times ({inside[0]})" + (" + C_{out}" if biases else "")
            steps = [f"= {times(ahead[1], f'({inside[1]})')}{_plus(biases)}"]
            if layer.groups > 1:
                steps.append(f"= {times(ahead[1], f'({rest})')}{_plus(biases)}")
            if biases:
                steps.append(f"= {number(layer.parameters - biases)}{_plus(biases)}")
            return _parameters(symbols, (*steps, total), _groups_note(layer))
        case Linear():
            biases = layer.out_features if layer.bias else 0
            weights = times(layer.in_features, layer.out_features)
            symbols = r"N_{in} \times N_{out}" + (" + N_{out}" if biases else "")
            return _parameters(symbols, (f"= {weights}{_plus(biases)}", total))
        case BatchNorm1d() | BatchNorm2d() if layer.affine:
            note = "A scale and a shift a channel; the running mean and variance aren't learned."
            return _parameters("2C", (f"= {times(2, layer.channels)}", total), note)
    if layer.parameters:
        return _parameters("P", (total,), f"What {layer_name(layer)} learns.")
    return _parameters("0", (total,), f"{layer_name(layer)} learns nothing.")


def macs_formula(layer: Layer, input_shape: Shape) -> Formula:
    """Multiply-accumulates for one picture.

    Raises:
        LayerError: the layer can't be built on `input_shape`.
    """
    total = f"= {number(layer.macs(input_shape))}"
    output = layer.output_shape(input_shape)
    match layer:
        case Conv1d() | Conv2d():
            sides = r"L'" if isinstance(layer, Conv1d) else r"H' \times W'"
            _, inside, rest = _filters(layer)
            steps = [f"= {times(*output, f'({inside[1]})')}"]
            if layer.groups > 1:
                steps.append(f"= {times(*output, f'({rest})')}")
            note = "Every output value is one sum over its window."
            symbols = rf"C_{{out}} \times {sides} \times ({inside[0]})"
            return _macs(symbols, (*steps, total), note)
        case ConvTranspose2d():
            _, inside, rest = _filters(layer)
            steps = [f"= {times(*input_shape, f'({inside[1]})')}"]
            if layer.groups > 1:
                steps.append(f"= {times(*input_shape, f'({rest})')}")
            note = "Every input value is spread over a window of the output."
            symbols = rf"C_{{in}} \times H \times W \times ({inside[0]})"
            return _macs(symbols, (*steps, total), note)
        case Linear():
            ahead = input_shape[:-1]
            symbols = times(*letters(len(ahead) + 1)[:-1], "N_{in}", "N_{out}")
            factors = times(*ahead, layer.in_features, layer.out_features)
            return _macs(symbols, (f"= {factors}", total))
    if layer.macs(input_shape):
        return _macs("M", (total,), f"What {layer_name(layer)} computes.")
    note = f"{layer_name(layer)} multiplies no inputs by weights in sums, so it counts 0."
    return _macs("0", (total,), note)


def parameter_text(layer: Layer) -> str:
    """The count in one plain line, such as "3 × (1 × 3 × 3) + 3 = 30"; "" for a layer without a formula."""
    first, *others = parameter_formula(layer).steps
    if not others:
        return ""
    line = f"{first.removeprefix('= ')} {others[-1]}".replace(r"\times", "×").replace("{,}", ",")
    return line.replace(r"\frac{", "").replace("}{", " / ").replace("}", "")


def _parameters(symbols: str, steps: tuple[str, ...], note: str = "") -> Formula:
    return Formula("parameters", rf"\text{{parameters}} = {symbols}", steps, note)


def _macs(symbols: str, steps: tuple[str, ...], note: str = "") -> Formula:
    return Formula("multiply-accumulates", rf"\text{{MACs}} = {symbols}", steps, note)


def _filters(
    layer: Conv1d | Conv2d | ConvTranspose2d,
) -> tuple[tuple[str, int], tuple[str, str], str]:
    """In symbols and numbers: how many filters, and what is in one; that again with the division done."""
    many, shared = layer.out_channels, layer.in_channels
    names = "C_{out}", "C_{in}"
    if isinstance(layer, ConvTranspose2d):
        (many, shared), names = (shared, many), names[::-1]
    kernel = (layer.kernel,) if isinstance(layer.kernel, int) else layer.kernel
    sides = ("k",) if len(kernel) == 1 else ("k_h", "k_w")
    if layer.groups > 1:
        each = fraction(names[1], "g"), fraction(number(shared), number(layer.groups))
    else:
        each = names[1], number(shared)
    inside = times(each[0], *sides), times(each[1], *kernel)
    return (names[0], many), inside, times(shared // layer.groups, *kernel)


def _plus(biases: int) -> str:
    return f" + {number(biases)}" if biases else ""


def _groups_note(layer: Conv1d | Conv2d | ConvTranspose2d) -> str:
    if layer.groups == 1:
        return ""
    if isinstance(layer, ConvTranspose2d):
        made = layer.out_channels // layer.groups
        return f"In {layer.groups} groups, a channel goes into only {made} of {layer.out_channels} channels."
    seen = layer.in_channels // layer.groups
    return f"In {layer.groups} groups, a filter sees only {seen} of {layer.in_channels} channels."
