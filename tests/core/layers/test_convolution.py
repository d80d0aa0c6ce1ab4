import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.errors import LayerError
from core.layers.convolution import Conv2d
from tests.core.layers.torch_parity import assert_agrees


def pairs(low: int, high: int) -> st.SearchStrategy:
    return st.tuples(st.integers(low, high), st.integers(low, high))


layers = st.builds(
    Conv2d,
    in_channels=st.integers(1, 4),
    out_channels=st.integers(1, 5),
    kernel=pairs(1, 6),
    stride=pairs(0, 4) | st.just((1, 1)),
    padding=pairs(-1, 4) | st.just("same"),
    dilation=pairs(0, 3) | st.just((1, 1)),
    bias=st.booleans(),
)
maps = st.tuples(st.integers(1, 4), st.integers(1, 14), st.integers(1, 14))


def module_of(layer: Conv2d) -> nn.Conv2d:
    return nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel,
        layer.stride,
        layer.padding,
        layer.dilation,
        bias=layer.bias,
    )


@settings(max_examples=600, deadline=None)
@given(layer=layers, shape=maps, fits=st.booleans())
def test_shape_parameters_and_validity_are_torchs(layer, shape, fits):
    if fits:
        shape = (layer.in_channels, *shape[1:])
    assert_agrees(layer, lambda: module_of(layer), shape)


@settings(max_examples=100, deadline=None)
@given(layer=layers, size=st.tuples(st.integers(4, 14), st.integers(4, 14)))
def test_macs_are_half_of_torchs_flops(layer, size):
    shape = (layer.in_channels, *size)
    try:
        macs = layer.macs(shape)
    except LayerError:
        return
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module_of(layer)(torch.zeros(1, *shape))
    assert counter.get_total_flops() == 2 * macs


def test_parameters_of_the_lectures_first_convolution():
    assert Conv2d(1, 3, (3, 3)).parameters == 3 * (1 * 3 * 3 + 1)
    assert Conv2d(1, 3, (3, 3), bias=False).parameters == 27


def test_same_with_a_stride_says_what_to_change():
    with pytest.raises(LayerError, match="stride 1") as caught:
        Conv2d(1, 3, (3, 3), stride=(2, 2), padding="same").output_shape((1, 8, 8))
    assert caught.value.found == "stride 2"


def test_wrong_channels_are_named():
    with pytest.raises(LayerError) as caught:
        Conv2d(3, 8, (3, 3)).output_shape((1, 28, 28))
    assert (caught.value.expected, caught.value.found) == ("3 channels", "1, of 1 × 28 × 28")


def test_a_vector_is_refused():
    with pytest.raises(LayerError, match="works on maps"):
        Conv2d(1, 8, (3, 3)).output_shape((784,))
