import pytest
from torch import nn

from core.errors import LayerError
from core.layers.elementwise import Activation, Dropout
from tests.core.layers.torch_parity import assert_agrees


@pytest.mark.parametrize("function", ["ReLU", "LeakyReLU", "GELU", "Tanh", "Sigmoid"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (7,)])
def test_activation_agrees_with_torch(function, shape):
    assert_agrees(Activation(function), getattr(nn, function), shape)


@pytest.mark.parametrize("shape", [(3, 4, 5), (7,)])
def test_dropout_agrees_with_torch(shape):
    assert_agrees(Dropout(0.3), lambda: nn.Dropout(0.3), shape)


def test_a_probability_above_1_is_refused_as_by_torch():
    with pytest.raises(LayerError, match="outside 0 to 1"):
        Dropout(1.5).output_shape((3, 4, 5))
    assert_agrees(Dropout(1.5), lambda: nn.Dropout(1.5), (3, 4, 5))
