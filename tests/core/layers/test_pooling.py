from random import Random

import pytest
from torch import nn

from core.errors import LayerError
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.shapes import Shape
from tests.core.layers.torch_parity import assert_agrees_always, pair, seldom, side


def some_max_pool(random: Random) -> tuple[MaxPool2d, Shape]:
    layer = MaxPool2d(
        kernel=pair(random, seldom(random, 0, 1), 5),
        stride=pair(random, seldom(random, 0, 1), 5),
        padding=pair(random, seldom(random, -1, 0), random.randint(0, 2)),
        dilation=pair(random, seldom(random, 0, 1), random.randint(1, 3)),
        ceil_mode=random.random() < 0.5,
    )
    return layer, (random.randint(1, 3), side(random, 10), side(random, 10))


def some_average_pool(random: Random) -> tuple[AvgPool2d, Shape]:
    layer = AvgPool2d(
        kernel=pair(random, seldom(random, 0, 1), 7),
        stride=pair(random, seldom(random, 0, 1), 5),
        padding=pair(random, seldom(random, -1, 0), random.randint(0, 3)),
        ceil_mode=random.random() < 0.5,
        count_include_pad=random.random() < 0.5,
    )
    return layer, (random.randint(1, 3), side(random, 10), side(random, 10))


def along_one_axis(settings: MaxPool2d | AvgPool2d, shape: Shape) -> tuple[dict, Shape]:
    values = {key: value[0] if isinstance(value, tuple) else value for key, value in vars(settings).items()}
    return values, shape[:2]


def some_max_pool_1d(random: Random) -> tuple[MaxPool1d, Shape]:
    values, shape = along_one_axis(*some_max_pool(random))
    return MaxPool1d(**values), shape


def some_average_pool_1d(random: Random) -> tuple[AvgPool1d, Shape]:
    values, shape = along_one_axis(*some_average_pool(random))
    return AvgPool1d(**values), shape


def max_pool_module(layer: MaxPool2d | MaxPool1d) -> nn.Module:
    kind = nn.MaxPool2d if isinstance(layer, MaxPool2d) else nn.MaxPool1d
    return kind(layer.kernel, layer.stride, layer.padding, layer.dilation, ceil_mode=layer.ceil_mode)


def average_pool_module(layer: AvgPool2d | AvgPool1d) -> nn.Module:
    kind = nn.AvgPool2d if isinstance(layer, AvgPool2d) else nn.AvgPool1d
    return kind(layer.kernel, layer.stride, layer.padding, layer.ceil_mode, layer.count_include_pad)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "module_of"),
    [
        (some_max_pool, max_pool_module),
        (some_average_pool, average_pool_module),
        (some_max_pool_1d, max_pool_module),
        (some_average_pool_1d, average_pool_module),
    ],
)
def test_agrees_with_torch(draw, module_of):
    assert_agrees_always(draw, module_of)


def test_padding_beyond_half_of_the_window_says_how_much_may_be():
    with pytest.raises(LayerError) as caught:
        MaxPool2d((3, 3), stride=(3, 3), padding=(2, 2)).output_shape((1, 9, 9))
    assert caught.value.expected == "padding of at most 1, half of the kernel 3"


def test_a_vector_is_refused():
    with pytest.raises(LayerError, match="works on maps, and a vector reaches it"):
        MaxPool2d((2, 2), (2, 2)).output_shape((512,))


def test_ceil_mode_drops_a_last_window_that_would_begin_in_the_padding():
    rows, _ = MaxPool2d((2, 2), (3, 3), (1, 1), ceil_mode=True).windows((1, 5, 5))
    assert (rows.rounded, rows.dropped, rows.positions) == (2, 1, 2)
