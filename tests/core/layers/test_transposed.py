from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.errors import LayerError
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from tests.core.layers.torch_parity import assert_agrees_always, pair, seldom, side


def some_layer(random: Random) -> tuple[ConvTranspose2d, Shape]:
    """Without a dilation of 0, which PyTorch doesn't check here: what runs it takes it at times."""
    groups = random.choice((1, 1, 1, 2, 3))
    layer = ConvTranspose2d(
        in_channels=random.randint(1, 2) * groups + seldom(random, 1, 0),
        out_channels=random.randint(1, 2) * groups + seldom(random, 1, 0),
        kernel=pair(random, seldom(random, 0, 1), 5),
        stride=pair(random, seldom(random, 0, 1), 4),
        padding=pair(random, seldom(random, -1, 0), 3),
        output_padding=pair(random, seldom(random, -1, 0), 1 + (random.random() < 0.3)),
        dilation=pair(random, 1, random.randint(1, 3)),
        groups=seldom(random, 0, groups),
        bias=random.random() < 0.5,
    )
    small = random.randint(1, 8), random.randint(1, 8)
    return layer, (seldom(random, 5, layer.in_channels), *(seldom(random, side(random), s) for s in small))


def module_of(layer: ConvTranspose2d) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel,
        layer.stride,
        layer.padding,
        layer.output_padding,
        layer.groups,
        layer.bias,
        layer.dilation,
    )


@pytest.mark.slow
def test_agrees_with_torch():
    assert_agrees_always(some_layer, module_of)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_macs_are_half_of_torchs_flops(seed):
    layer, shape = some_layer(Random(seed))
    try:
        macs = layer.macs(shape)
    except LayerError:
        return
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module_of(layer)(torch.zeros(1, *shape))
    assert counter.get_total_flops() == 2 * macs


def test_output_padding_below_stride_or_dilation_is_asked_for():
    with pytest.raises(LayerError, match="output padding is too large") as caught:
        ConvTranspose2d(1, 1, (3, 3), (2, 2), output_padding=(2, 2)).output_shape((1, 4, 4))
    assert caught.value.expected == "at most 1, below the stride 2 or the dilation 1"


def test_padding_that_leaves_nothing_is_refused():
    with pytest.raises(LayerError, match="cuts off the whole map"):
        ConvTranspose2d(1, 1, (1, 1), padding=(1, 1)).output_shape((1, 2, 2))


def test_numbers_on_the_way():
    rows, _ = ConvTranspose2d(8, 4, (3, 3), (2, 2), (1, 1), (1, 1)).spreads((8, 7, 7))
    assert (rows.steps, rows.span, rows.full, rows.positions) == (12, 3, 15, 14)


def test_a_dilation_of_0_is_refused():
    with pytest.raises(LayerError, match="dilation is too small"):
        ConvTranspose2d(1, 1, (3, 3), dilation=(0, 1)).output_shape((1, 2, 2))
