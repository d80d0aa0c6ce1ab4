from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.errors import LayerError
from core.layers.convolution import Conv1d, Conv2d
from core.layers.shapes import Shape
from core.layers.windows import PaddingMode
from tests.core.layers.torch_parity import assert_agrees_always, pair, seldom, side


def some_conv2d(random: Random) -> tuple[Conv2d, Shape]:
    unstrided = random.random() < 0.5
    groups = random.choice((1, 1, 1, 2, 3, 4))
    layer = Conv2d(
        in_channels=random.randint(1, 2) * groups + seldom(random, 1, 0),
        out_channels=random.randint(1, 2) * groups + seldom(random, 1, 0),
        kernel=pair(random, seldom(random, 0, 1), 6),
        stride=(1, 1) if unstrided else pair(random, seldom(random, 0, 1), 4),
        padding=random.choice(("same", "valid", (0, 0), *(pair(random, seldom(random, -1, 0), 5),) * 3)),
        dilation=(1, 1) if random.random() < 0.5 else pair(random, seldom(random, 0, 1), 3),
        bias=random.random() < 0.5,
        groups=seldom(random, 0, groups),
        padding_mode=random.choice((PaddingMode.ZEROS, *PaddingMode)),
    )
    return layer, (seldom(random, 5, layer.in_channels), side(random), side(random))


def conv2d_module(layer: Conv2d) -> nn.Conv2d:
    return nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
        layer.bias,
        layer.padding_mode.value,
    )


def some_conv1d(random: Random) -> tuple[Conv1d, Shape]:
    two, (_, height, _) = some_conv2d(random)
    layer = Conv1d(
        two.in_channels,
        two.out_channels,
        two.kernel[0],
        two.stride[0],
        two.padding if isinstance(two.padding, str) else two.padding[0],
        two.dilation[0],
        two.groups,
        two.bias,
        two.padding_mode,
    )
    return layer, (seldom(random, 5, layer.in_channels), height)


def conv1d_module(layer: Conv1d) -> nn.Conv1d:
    return nn.Conv1d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
        layer.bias,
        layer.padding_mode.value,
    )


@pytest.mark.slow
def test_conv2d_agrees_with_torch():
    assert_agrees_always(some_conv2d, conv2d_module)


@pytest.mark.slow
def test_conv1d_agrees_with_torch():
    assert_agrees_always(some_conv1d, conv1d_module)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_macs_are_half_of_torchs_flops(seed):
    layer, shape = some_conv2d(Random(seed))
    try:
        macs = layer.macs(shape)
    except LayerError:
        return
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        conv2d_module(layer)(torch.zeros(1, *shape))
    assert counter.get_total_flops() == 2 * macs


def test_parameters_of_the_lectures_first_convolution():
    assert Conv2d(1, 3, (3, 3)).parameters == 3 * (1 * 3 * 3 + 1)
    assert Conv2d(1, 3, (3, 3), bias=False).parameters == 27


@pytest.mark.parametrize("stride", [(2, 2), (1, 2), (2, 1)])
def test_same_with_a_stride_says_what_to_change(stride):
    with pytest.raises(LayerError, match="stride 1") as caught:
        Conv2d(1, 3, (3, 3), stride=stride, padding="same").output_shape((1, 8, 8))
    assert caught.value.found == "stride 2"


def test_wrong_channels_are_named():
    with pytest.raises(LayerError) as caught:
        Conv2d(3, 8, (3, 3)).output_shape((1, 28, 28))
    assert (caught.value.expected, caught.value.found) == ("3 channels", "1, of 1 × 28 × 28")


def test_a_vector_is_refused():
    with pytest.raises(LayerError, match="works on maps"):
        Conv2d(1, 8, (3, 3)).output_shape((784,))


def test_groups_that_divide_neither_side_are_named():
    with pytest.raises(LayerError, match="shared out evenly") as caught:
        Conv2d(6, 8, (3, 3), groups=4).output_shape((6, 8, 8))
    assert caught.value.expected == "a divisor of 6 and 8 channels"


def test_a_depthwise_convolution_has_one_filter_a_channel():
    assert Conv2d(32, 32, (3, 3), groups=32, bias=False).parameters == 32 * 9


def test_padding_that_the_map_can_not_fill_says_how_much_may_be():
    layer = Conv2d(1, 1, (3, 3), padding=(4, 4), padding_mode=PaddingMode.REFLECT)
    with pytest.raises(LayerError, match="filled with its own pixels") as caught:
        layer.output_shape((1, 4, 8))
    assert caught.value.expected == "padding of at most 3 on a side of 4 pixels"


def test_a_map_before_conv1d_is_refused():
    with pytest.raises(LayerError, match="works on sequences, and a map reaches it"):
        Conv1d(1, 8, 3).output_shape((1, 28, 28))
