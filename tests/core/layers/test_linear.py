import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.layers.linear import Flatten, Linear
from tests.core.layers.torch_parity import assert_agrees

shapes = st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple)


@settings(deadline=None)
@given(features=st.integers(1, 6), outputs=st.integers(1, 9), bias=st.booleans(), shape=shapes)
def test_linear_agrees_with_torch(features, outputs, bias, shape):
    assert_agrees(Linear(features, outputs, bias), lambda: nn.Linear(features, outputs, bias), shape)


@settings(deadline=None)
@given(shape=shapes)
def test_flatten_agrees_with_torch(shape):
    assert_agrees(Flatten(), nn.Flatten, shape)


def test_macs_leave_out_the_bias():
    assert Linear(1250, 1).macs((1250,)) == 1250
    assert Linear(1250, 1).parameters == 1251


def test_the_lectures_linear_on_larger_pictures_names_the_right_one():
    with pytest.raises(LayerError, match=r"Linear\(8192, 1\)") as caught:
        Linear(1250, 1).output_shape((8192,))
    assert caught.value.expected == "1250 features"
