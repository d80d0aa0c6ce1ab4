from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.layers.linear import Flatten, Linear
from core.layers.shapes import Shape
from tests.core.layers.torch_parity import assert_agrees, assert_agrees_always, side


def some_linear(random: Random) -> tuple[Linear, Shape]:
    shape = tuple(side(random, 6) for _ in range(random.randint(1, 3)))
    features = shape[-1] if random.random() < 0.7 else random.randint(0, 6)
    return Linear(features, random.randint(-1, 9), random.random() < 0.5), shape


def some_flatten(random: Random) -> tuple[Flatten, Shape]:
    return Flatten(), tuple(side(random, 6) for _ in range(random.randint(1, 3)))


def test_linear_agrees_with_torch():
    assert_agrees_always(
        some_linear, lambda layer: nn.Linear(layer.in_features, layer.out_features, layer.bias)
    )


@settings(max_examples=500, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_flatten_agrees_with_torch_and_takes_everything(seed):
    random = Random(seed)
    for _ in range(20):
        layer, shape = some_flatten(random)
        assert assert_agrees(layer, nn.Flatten, shape)


def test_macs_leave_out_the_bias():
    assert Linear(1250, 1).macs((1250,)) == 1250
    assert Linear(1250, 1).parameters == 1251


def test_the_lectures_linear_on_larger_pictures_names_the_right_one():
    with pytest.raises(LayerError, match=r"Linear\(8192, 1\)") as caught:
        Linear(1250, 1).output_shape((8192,))
    assert caught.value.expected == "1250 features"
