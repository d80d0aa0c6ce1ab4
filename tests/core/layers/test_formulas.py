import re
from fractions import Fraction
from math import ceil, floor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LayerError
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation
from core.layers.formula import exact
from core.layers.formulas import Formula, macs_formula, output_formulas, parameter_formula, parameter_text
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from core.models.pasted.own_layers import GroupNorm
from tests.core.layers import test_adaptive, test_batch_norm, test_convolution, test_linear, test_pooling
from tests.core.layers import test_transposed as transposed

DRAWS = (
    test_convolution.some_conv2d,
    test_convolution.some_conv1d,
    transposed.some_layer,
    test_pooling.some_max_pool,
    test_pooling.some_average_pool,
    test_pooling.some_max_pool_1d,
    test_adaptive.some_layer,
    test_batch_norm.some_layer,
    test_linear.some_linear,
    test_linear.some_flatten,
)


def value_of(step: str) -> float | tuple:
    """What a step comes to, worked out from its LaTeX alone."""
    text = step.removeprefix("= ").replace("{,}", "").replace(r"\times", "*")
    text = re.sub(r"(\d*)\\tfrac\{(\d+)\}\{(\d+)\}", lambda m: f"({m[1] or 0}+{m[2]}/{m[3]})", text)
    text = re.sub(r"-\((\d+)\+", r"-(\1+", text)
    text = text.replace(r"\left\lfloor", "floor(").replace(r"\left\lceil", "ceil(")
    text = text.replace(r"\right\rfloor", ")").replace(r"\right\rceil", ")")
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    return eval(text, {"floor": floor, "ceil": ceil})


def drawn(seed: int) -> tuple[Layer, Shape] | None:
    """A layer on an input that it takes."""
    random = Random(seed)
    layer, shape = random.choice(DRAWS)(random)
    try:
        layer.output_shape(shape)
    except LayerError:
        return None
    return layer, shape


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Fraction(9, 2), "4.5"),
        (Fraction(12345 * 8 + 1, 8), "12{,}345.125"),
        (Fraction(7, 3), r"2\tfrac{1}{3}"),
        (Fraction(-1, 4), "-0.25"),
        (Fraction(200), "200"),
    ],
)
def test_a_quotient_is_written_exactly(value: Fraction, written: str) -> None:
    assert exact(value) == written


def assert_steps_agree(formula: Formula) -> float | tuple:
    """Every step comes to the same value, which is returned."""
    values = [value_of(step) for step in formula.steps]
    assert values, formula
    assert len(set(values)) == 1, formula
    return values[0]


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_every_step_comes_to_the_layers_own_number(seed):
    fitting = drawn(seed)
    if fitting is None:
        return
    layer, shape = fitting
    output = layer.output_shape(shape)
    values = [assert_steps_agree(formula) for formula in output_formulas(layer, shape)]
    if isinstance(values[0], tuple):
        assert values == [output]
    else:
        sides = output[-1:] if len(output) != 3 or isinstance(layer, Linear) else output[1:]
        assert set(values) == set(sides)
        assert len(values) == len(sides) or len(set(sides)) == 1
    assert assert_steps_agree(parameter_formula(layer)) == layer.parameters
    assert assert_steps_agree(macs_formula(layer, shape)) == layer.macs(shape)
    text = parameter_text(layer).replace("×", "*").replace(",", "")
    if layer.parameters:
        left, right = text.split(" = ")
        assert eval(left) == int(right) == layer.parameters
    else:
        assert text == ""


def test_the_lectures_first_convolution():
    layer = Conv2d(1, 3, (3, 3), padding=(1, 1))
    (size,) = output_formulas(layer, (1, 100, 100))
    assert size.quantity == "output height and width"
    assert size.symbols == r"H' = W' = \left\lfloor \frac{H + 2p - d(k - 1) - 1}{s} \right\rfloor + 1"
    assert size.steps == (
        r"= \left\lfloor \frac{100 + 2 \times 1 - 1 \times (3 - 1) - 1}{1} \right\rfloor + 1",
        r"= \frac{99}{1} + 1",
        "= 99 + 1",
        "= 100",
    )
    assert parameter_text(layer) == "3 × (1 × 3 × 3) + 3 = 30"


def test_the_floor_stays_where_it_bites_and_the_pixels_lost_are_told():
    height, width = output_formulas(MaxPool2d((2, 3), (2, 3)), (1, 25, 26))
    assert r"= \left\lfloor 11.5 \right\rfloor + 1" in height.steps
    assert r"= \left\lfloor 7\tfrac{2}{3} \right\rfloor + 1" in width.steps
    assert height.note == "The last row is never seen."
    assert width.note == "The last 2 columns are never seen."


def test_a_floor_that_costs_only_padding_says_so():
    height, _ = output_formulas(Conv2d(1, 1, (3, 3), (2, 1), padding=(1, 0)), (1, 8, 8))
    assert height.note == "Only padding is left over at the end: the last row is seen."


def test_pixels_between_the_windows_are_told():
    (size,) = output_formulas(Conv2d(1, 1, (2, 2), (4, 4)), (1, 10, 10))
    assert size.note == "4 rows and 4 columns are skipped between the windows."
    (holes,) = output_formulas(Conv2d(1, 1, (2, 2), dilation=(7, 7)), (1, 10, 10))
    assert "skipped by the holes of the dilated window" in holes.note


def test_ceil_mode_writes_a_ceiling_and_what_it_drops():
    (size,) = output_formulas(MaxPool2d((3, 3), (2, 2), ceil_mode=True), (1, 6, 6))
    assert r"= \left\lceil 1.5 \right\rceil + 1" in size.steps
    assert size.note == "The last window reaches 1 row and 1 column beyond the edge."
    (dropped,) = output_formulas(MaxPool2d((2, 2), (3, 3), (1, 1), ceil_mode=True), (1, 5, 5))
    assert "= 2 + 1 - 1" in dropped.steps
    assert "it is dropped" in dropped.note


@pytest.mark.parametrize(
    ("layer", "side", "note"),
    [
        (
            Conv2d(1, 1, (3, 3), (2, 2), (1, 1)),
            12,
            "Only padding is left over at the end: the last row and column are seen.",
        ),
        (Conv2d(1, 1, (1, 1), (2, 2)), 3, "1 row and 1 column are skipped between the windows."),
        (
            MaxPool2d((3, 3), (2, 2), (1, 1), ceil_mode=True),
            6,
            "The last window reaches 1 row and 1 column beyond the padding.",
        ),
    ],
)
def test_what_happens_to_rows_and_columns_alike_is_said_of_both(layer: Layer, side: int, note: str) -> None:
    (size,) = output_formulas(layer, (1, side, side))
    assert size.note == note


def test_settings_get_an_index_only_where_those_of_rows_and_columns_differ() -> None:
    height, width = output_formulas(Conv2d(1, 1, (3, 3)), (1, 8, 9))
    assert (height.symbols.count("_h"), width.symbols.count("_w")) == (0, 0)
    height, width = output_formulas(Conv2d(1, 1, (3, 5)), (1, 8, 8))
    assert (height.symbols.count("_h"), width.symbols.count("_w")) == (4, 4)


def test_average_pooling_has_no_dilation_in_its_formula() -> None:
    (size,) = output_formulas(AvgPool2d((3, 3), (2, 2)), (1, 8, 8))
    assert size.symbols == r"H' = W' = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1"
    assert size.steps[0] == r"= \left\lfloor \frac{8 + 2 \times 0 - 3}{2} \right\rfloor + 1"


def test_what_is_nothing_is_written_once() -> None:
    formula = parameter_formula(MaxPool2d((2, 2), (2, 2)))
    assert formula.latex == r"\begin{aligned} \text{parameters} &= 0 \end{aligned}"


def test_groups_of_a_transposed_convolution_share_its_outputs_out() -> None:
    note = parameter_formula(ConvTranspose2d(8, 4, (3, 3), groups=2)).note
    assert note == "In 2 groups, a channel goes into only 2 of 4 channels."


def test_groups_show_the_division():
    layer = Conv2d(8, 16, (3, 3), groups=4, bias=False)
    assert parameter_formula(layer).steps == (
        r"= 16 \times (\frac{8}{4} \times 3 \times 3)",
        r"= 16 \times (2 \times 3 \times 3)",
        "= 288",
    )
    assert parameter_text(layer) == "16 × (8 / 4 × 3 × 3) = 288"


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (Conv2d(1, 1, (4, 4), padding="same"), (1, 9, 9), "3 in all, 1 before and 2 after"),
        (ConvTranspose2d(1, 1, (3, 3), (2, 2), (1, 1)), (1, 7, 7), "cuts 1 off each end of the 15 made"),
        (AdaptiveAvgPool2d((5, 5)), (1, 17, 17), "each value sees 4 to 5 of 17 rows and 17 columns"),
        (AdaptiveAvgPool2d((None, 1)), (1, 17, 17), "Kept as it is"),
        (BatchNorm2d(4), (4, 8, 8), "leaves the map 4 × 8 × 8 as large as it was"),
        (Conv1d(1, 1, 3, 7), (1, 100), "The last 6 steps are never seen."),
        (Flatten(), (12,), "A vector stays as it is."),
    ],
)
def test_notes_say_what_the_numbers_mean(layer, shape, words):
    assert words in output_formulas(layer, shape)[0].note


def test_layers_that_learn_nothing_say_so():
    assert parameter_formula(Activation("ReLU")).note == "ReLU learns nothing."
    assert parameter_text(Flatten()) == ""


def test_a_layer_from_elsewhere_has_its_counts_without_the_way_to_them():
    layer = GroupNorm(groups=2, channels=8)
    assert parameter_formula(layer).steps == ("= 16",)
    assert parameter_formula(layer).note == "What GroupNorm learns."
    assert parameter_text(layer) == ""
    assert macs_formula(layer, (8, 4, 4)).steps == ("= 0",)
    assert output_formulas(layer, (8, 4, 4))[0].steps == ("= (8, 4, 4)",)


def test_latex_lines_up_at_the_equals_signs():
    formula = parameter_formula(Linear(4, 2))
    assert formula.latex.count("&=") == len(formula.steps) + 1
    assert formula.latex.startswith(r"\begin{aligned} \text{parameters} &= N_{in}")
