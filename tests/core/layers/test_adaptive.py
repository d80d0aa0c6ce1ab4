from random import Random

import pytest
from torch import nn

from core.errors import LayerError
from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.layer import Layer
from core.layers.shapes import Shape
from tests.core.layers.torch_parity import assert_agrees_always, side

KINDS = (AdaptiveAvgPool2d, AdaptiveMaxPool2d)


def some_layer(random: Random) -> tuple[Layer, Shape]:
    asked = (random.choice((-1, 0, 1, 2, 3, 7, 20, 30, None)) for _ in range(2))
    shape = tuple(side(random, 4) for _ in range(random.choice((1, 3, 3, 3))))
    return random.choice(KINDS)(tuple(asked)), shape


def some_layer_1d(random: Random) -> tuple[Layer, Shape]:
    shape = random.randint(1, 4), side(random)
    return AdaptiveAvgPool1d(random.randint(-1, 9)), shape


def test_agrees_with_torch():
    assert_agrees_always(some_layer, lambda layer: getattr(nn, type(layer).__name__)(layer.output))


def test_along_one_axis_agrees_with_torch():
    assert_agrees_always(some_layer_1d, lambda layer: nn.AdaptiveAvgPool1d(layer.output))


def test_a_vector_is_refused():
    with pytest.raises(LayerError, match="works on maps"):
        AdaptiveAvgPool2d().output_shape((512,))
