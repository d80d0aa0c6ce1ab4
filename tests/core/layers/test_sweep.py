import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LayerError
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.linear import Flatten, Linear
from core.layers.pooling import MaxPool2d
from core.layers.sweep import Argument, Quantity, Setting, nearest_allowed, nearest_step, sweep, values_around
from core.layers.transposed import ConvTranspose2d

A = Argument
CONV = Setting(Conv2d(3, 16, (3, 5), (1, 2)), (3, 12, 10))
MOVED = [
    (CONV, A.SIZE, Setting(CONV.layer, (3, 7, 7))),
    (CONV, A.IN_CHANNELS, Setting(Conv2d(7, 16, (3, 5), (1, 2)), (7, 12, 10))),
    (CONV, A.OUT_CHANNELS, Setting(Conv2d(3, 7, (3, 5), (1, 2)), (3, 12, 10))),
    (CONV, A.KERNEL, Setting(Conv2d(3, 16, (7, 7), (1, 2)), (3, 12, 10))),
    (CONV, A.GROUPS, Setting(Conv2d(3, 16, (3, 5), (1, 2), groups=7), (3, 12, 10))),
    (Setting(Conv1d(1, 2, 3), (1, 9)), A.STRIDE, Setting(Conv1d(1, 2, 3, 7), (1, 9))),
    (Setting(Linear(4, 2), (4,)), A.IN_CHANNELS, Setting(Linear(7, 2), (7,))),
    (Setting(Linear(4, 2), (4,)), A.OUT_CHANNELS, Setting(Linear(4, 7), (4,))),
    (Setting(BatchNorm2d(4), (4, 2, 2)), A.IN_CHANNELS, Setting(BatchNorm2d(7), (7, 2, 2))),
    (Setting(Flatten(), (4, 2, 2)), A.IN_CHANNELS, Setting(Flatten(), (7, 2, 2))),
    (Setting(AdaptiveAvgPool2d((1, 1)), (4, 9, 9)), A.OUTPUT, Setting(AdaptiveAvgPool2d((7, 7)), (4, 9, 9))),
]


@pytest.mark.parametrize(("setting", "argument", "expected"), MOVED)
def test_moving_an_argument_changes_that_alone(setting, argument, expected) -> None:
    assert setting.moved(argument, 7) == expected
    assert expected.value(argument) == 7


def test_one_axis_can_be_moved_alone() -> None:
    assert CONV.moved(A.KERNEL, 7, 1).layer.kernel == (3, 7)
    assert CONV.moved(A.SIZE, 7, 0).input_shape == (3, 7, 10)
    assert (CONV.value(A.STRIDE, 0), CONV.value(A.STRIDE, 1)) == (1, 2)


@pytest.mark.parametrize(
    ("setting", "argument"),
    [
        (Setting(Linear(4, 2), (4,)), A.SIZE),
        (Setting(Flatten(), (4, 2, 2)), A.KERNEL),
        (Setting(Conv2d(3, 16, (3, 3), padding="same"), (3, 9, 9)), A.PADDING),
    ],
)
def test_what_is_no_number_of_the_layer_has_no_value(setting, argument) -> None:
    assert setting.value(argument) is None
    assert nearest_allowed(setting, argument, range(1, 9)) is None


def test_a_sweep_gives_the_layers_own_answers_and_pytorchs_refusals() -> None:
    points = sweep(CONV, A.KERNEL, range(1, 13))
    assert [point.value for point in points] == list(range(1, 13))
    for point in points:
        layer = Conv2d(3, 16, (point.value, point.value), (1, 2))
        if point.value > 10:
            assert point.quantity(Quantity.OUTPUT_SIZE) == ()
            assert point.problem.problem == "The window is larger than the map under it."
        else:
            assert point.output == layer.output_shape((3, 12, 10))
            assert point.quantity(Quantity.OUTPUT_SIZE) == (13 - point.value, (10 - point.value) // 2 + 1)
            assert point.quantity(Quantity.PARAMETERS) == (layer.parameters,)
            assert point.quantity(Quantity.MACS) == (layer.macs((3, 12, 10)),)
            assert point.quantity(Quantity.OUTPUT_VALUES) == (16 * point.output[1] * point.output[2],)


def test_equal_sides_are_one_number_and_a_vector_is_its_length() -> None:
    [square] = sweep(Setting(MaxPool2d((2, 2), (2, 2)), (3, 8, 8)), A.SIZE, [10])
    [vector] = sweep(Setting(Flatten(), (3, 8, 8)), A.SIZE, [2])
    assert square.quantity(Quantity.OUTPUT_SIZE) == (5,)
    assert vector.quantity(Quantity.OUTPUT_SIZE) == (12,)


layers = st.builds(
    Conv2d,
    in_channels=st.just(6),
    out_channels=st.integers(1, 12),
    kernel=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    groups=st.integers(1, 8),
) | st.builds(
    ConvTranspose2d,
    in_channels=st.just(6),
    out_channels=st.integers(1, 12),
    kernel=st.just((3, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    output_padding=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    groups=st.integers(1, 8),
)
RANGE = range(1, 13)


@settings(max_examples=80)
@given(layers, st.integers(1, 20), st.sampled_from([A.SIZE, A.KERNEL, A.STRIDE, A.GROUPS, A.OUT_CHANNELS]))
def test_the_nearest_allowed_value_is_allowed_and_none_is_nearer(layer, side, argument) -> None:
    setting = Setting(layer, (6, side, side))
    found, now = nearest_allowed(setting, argument, RANGE), setting.value(argument)
    allowed = [value for value in RANGE if setting.moved(argument, value).problem() is None]
    assert (found is None) == (not allowed)
    if found is not None:
        assert found in allowed
        assert abs(found - now) == min(abs(value - now) for value in allowed)


def test_of_several_problems_one_can_be_mended_at_a_time() -> None:
    setting = Setting(Conv2d(3, 16, (9, 9), groups=2), (3, 6, 6))
    assert nearest_allowed(setting, A.GROUPS, RANGE) is None
    assert nearest_step(setting, A.KERNEL, RANGE) is None
    assert nearest_step(setting, A.GROUPS, RANGE) == 1
    mended = setting.moved(A.GROUPS, 1)
    assert nearest_step(mended, A.KERNEL, RANGE) == nearest_allowed(mended, A.KERNEL, RANGE) == 6


@given(st.integers(1, 2048), st.integers(0, 1), st.integers(1, 2100))
def test_values_around_begin_at_the_first_and_hold_the_present_one(now, low, high) -> None:
    now = min(max(now, low), high)
    values = values_around(now, range(low, high + 1))
    assert values[0] == low
    assert now in values
    assert len(values) <= 49
    assert list(values) == sorted(set(values))
    assert values[-1] <= high


def test_a_problem_is_that_of_the_layer() -> None:
    assert CONV.problem() is None
    assert isinstance(CONV.moved(A.GROUPS, 2).problem(), LayerError)
