import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.pooling import AvgPool2d, MaxPool2d
from tests.core.layers.torch_parity import assert_agrees


def pairs(low: int, high: int) -> st.SearchStrategy:
    return st.tuples(st.integers(low, high), st.integers(low, high))


maps = st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 12))


@settings(max_examples=500, deadline=None)
@given(
    layer=st.builds(
        MaxPool2d, kernel=pairs(1, 5), stride=pairs(0, 4), padding=pairs(-1, 3), dilation=pairs(0, 3)
    ),
    shape=maps,
)
def test_max_pooling_agrees_with_torch(layer, shape):
    assert_agrees(
        layer, lambda: nn.MaxPool2d(layer.kernel, layer.stride, layer.padding, layer.dilation), shape
    )


@settings(max_examples=500, deadline=None)
@given(layer=st.builds(AvgPool2d, kernel=pairs(1, 5), stride=pairs(0, 4), padding=pairs(-1, 3)), shape=maps)
def test_average_pooling_agrees_with_torch(layer, shape):
    assert_agrees(layer, lambda: nn.AvgPool2d(layer.kernel, layer.stride, layer.padding), shape)


@settings(deadline=None)
@given(output=pairs(1, 4), shape=maps)
def test_adaptive_pooling_agrees_with_torch(output, shape):
    assert_agrees(AdaptiveAvgPool2d(output), lambda: nn.AdaptiveAvgPool2d(output), shape)


def test_padding_beyond_half_of_the_window_says_how_much_may_be():
    with pytest.raises(LayerError) as caught:
        MaxPool2d((3, 3), stride=(3, 3), padding=(2, 2)).output_shape((1, 9, 9))
    assert caught.value.expected == "padding of at most 1, half of the kernel 3"


def test_a_vector_is_refused():
    with pytest.raises(LayerError, match="works on maps"):
        AdaptiveAvgPool2d().output_shape((512,))
