from random import Random

import pytest
from torch import nn

from core.errors import LayerError
from core.layers.elementwise import Activation, Dropout
from core.layers.shapes import Shape
from tests.core.layers.torch_parity import assert_agrees, assert_agrees_always, side


@pytest.mark.parametrize("function", ["ReLU", "LeakyReLU", "GELU", "Tanh", "Sigmoid"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (7,)])
def test_activation_agrees_with_torch(function, shape):
    assert_agrees(Activation(function), getattr(nn, function), shape)


@pytest.mark.parametrize("shape", [(3, 4, 5), (7,)])
def test_dropout_agrees_with_torch(shape):
    assert_agrees(Dropout(0.3), lambda: nn.Dropout(0.3), shape)


def some_dropout(random: Random) -> tuple[Dropout, Shape]:
    shape = tuple(side(random, 5) for _ in range(random.randint(1, 3)))
    return Dropout(random.choice((0.0, 1.0, random.uniform(-0.5, 1.5)))), shape


def test_any_dropout_agrees_with_torch():
    assert_agrees_always(some_dropout, lambda layer: nn.Dropout(layer.probability))


def test_a_probability_above_1_is_refused():
    with pytest.raises(LayerError, match="outside 0 to 1"):
        Dropout(1.5).output_shape((3, 4, 5))
